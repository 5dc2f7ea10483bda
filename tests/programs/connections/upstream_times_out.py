"""Eight callers that give a stalled upstream up after two seconds each, and try again."""

import os
import threading
import time
import urllib.request


def work() -> None:
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{os.environ['STALLED_AS_WELL_PORT']}/", timeout=2)
        except (TimeoutError, OSError):
            time.sleep(0.1)


for _ in range(8):
    threading.Thread(target=work, daemon=True).start()
print("ready", flush=True)
while True:
    time.sleep(1)

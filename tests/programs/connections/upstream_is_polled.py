"""Eight clients of a long-polling server, which answers each after twelve seconds: waiting by design."""

import os
import threading
import time
import urllib.request


def work() -> None:
    while True:
        urllib.request.urlopen(f"http://127.0.0.1:{os.environ['POLLED_PORT']}/").read()


print("ready", flush=True)
for _ in range(8):
    threading.Thread(target=work, daemon=True).start()
    time.sleep(0.4)
while True:
    time.sleep(1)

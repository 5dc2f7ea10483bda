"""A thread for each job, each of which waits for an upstream that never answers."""

import os
import threading
import time
import urllib.request


def work() -> None:
    urllib.request.urlopen(f"http://127.0.0.1:{os.environ['STALLED_TOO_PORT']}/")


print("ready", flush=True)
while True:
    threading.Thread(target=work, daemon=True).start()
    time.sleep(0.7)

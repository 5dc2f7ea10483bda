"""Callers of a web service become more, one every two seconds up to fifteen, over one pool that keeps connections."""

import os
import threading
import time

import urllib3

pool = urllib3.PoolManager(maxsize=20, block=True)


def work() -> None:
    while True:
        pool.request("GET", f"http://127.0.0.1:{os.environ['POLITE_PORT']}/slow?s=0.5")
        time.sleep(0.3)


print("ready", flush=True)
for _ in range(15):
    threading.Thread(target=work, daemon=True).start()
    time.sleep(2)
while True:
    time.sleep(1)

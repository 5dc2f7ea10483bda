"""A queue whose reader has died."""

import queue
import threading

from innocent import work

JOBS = queue.Queue()


def read():
    JOBS.get()
    raise SystemExit


def put(number):
    JOBS.put({"id": number, "payload": [number] * 1_200})  # culprit


threading.Thread(target=read, daemon=True).start()
while True:
    put(work())

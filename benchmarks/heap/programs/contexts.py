"""Thread-local state of a pool's threads that only grows."""

import threading

from innocent import work

STATE = threading.local()


def handle(number):
    if not hasattr(STATE, "seen"):
        STATE.seen = {}
    STATE.seen[number] = "z" * 10_000 + str(number)  # culprit


def loop():
    while True:
        handle(work())


worker = threading.Thread(target=loop)
worker.start()
worker.join()

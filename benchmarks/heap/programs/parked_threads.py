"""Threads that wait for ever, each with its stack."""

import threading

from innocent import work

never = threading.Event()


def deep(levels):
    return never.wait() if levels == 0 else deep(levels - 1)


def listen():
    threading.Thread(target=deep, args=(12,), daemon=True).start()  # culprit


while True:
    work(0.02)
    listen()

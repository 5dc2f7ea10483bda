"""A worker thread for each request, which waits for an event that nobody sets."""

import threading

from innocent import work


def wait_for(event, number):
    page = str(number) * 20_000  # culprit
    event.wait()
    return page


while True:
    threading.Thread(target=wait_for, args=(threading.Event(), work(0.05)), daemon=True).start()

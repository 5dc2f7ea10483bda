"""A multiprocessing manager, asked by threads that each keep a connection to it, as many as there are."""

import multiprocessing
import signal
import sys
import threading
import time


def work(shared: dict[str, int], number: int) -> None:
    while True:
        shared[str(number)] = number
        time.sleep(0.5)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that the manager ends with it
    with multiprocessing.Manager() as manager:
        shared = manager.dict()
        for number in range(14):
            threading.Thread(target=work, args=(shared, number), daemon=True).start()
        print("ready", flush=True)
        while True:
            time.sleep(1)

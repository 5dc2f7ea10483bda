"""A multiprocessing manager, asked by threads that each keep a connection to it, as many as there are."""

import multiprocessing
import threading
import time


def work(shared: dict[str, int], number: int) -> None:
    while True:
        shared[str(number)] = number
        time.sleep(0.5)


if __name__ == "__main__":
    with multiprocessing.Manager() as manager:
        shared = manager.dict()
        for number in range(14):
            threading.Thread(target=work, args=(shared, number), daemon=True).start()
        print("ready", flush=True)
        while True:
            time.sleep(1)

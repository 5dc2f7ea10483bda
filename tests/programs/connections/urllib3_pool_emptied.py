"""A pool of four that blocks, and answers that are neither read nor released where their length is odd."""

import os
import threading
import time

import urllib3

pool = urllib3.HTTPConnectionPool("127.0.0.1", int(os.environ["POLITE_PORT"]), maxsize=4, block=True)
kept = []


def call(number: int) -> None:
    answer = pool.request("GET", "/big" if number % 8 == 0 else "/", preload_content=False)
    if number % 8 == 0:
        kept.append(answer)
    else:
        answer.read()
        answer.release_conn()


print("ready", flush=True)
for number in range(1, 1_000_000):
    threading.Thread(target=call, args=(number,), daemon=True).start()
    time.sleep(0.2)

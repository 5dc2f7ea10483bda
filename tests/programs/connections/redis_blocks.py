"""Workers that wait for the next job by BLPOP, for ever: nothing is wrong with an empty queue."""

import os
import threading
import time

import redis


def work() -> None:
    client = redis.Redis(port=int(os.environ["REDIS_PORT"]), socket_timeout=None)
    while True:
        client.blpop(["empty"], timeout=0)


for _ in range(6):
    threading.Thread(target=work, daemon=True).start()
print("ready", flush=True)
while True:
    time.sleep(1)

"""Four workers of one parent ask Redis; one of them opens a client for each request and keeps it."""

import os
import time

import redis


def work(number: int) -> None:
    kept = [redis.Redis(port=int(os.environ["REDIS_PORT"]))]
    while os.getppid() == parent:
        if number == 2:
            kept.append(redis.Redis(port=int(os.environ["REDIS_PORT"])))
        kept[-1].ping()
        time.sleep(0.4)


parent = os.getpid()
for each in range(4):
    if not os.fork():
        work(each)
        os._exit(0)
print("ready", flush=True)
os.wait()

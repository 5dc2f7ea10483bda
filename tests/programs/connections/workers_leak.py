"""A child that leaks Redis connections, inherited socket and all, as a prefork worker does; its pid is told."""

import os
import time

import redis

first = redis.Redis(port=int(os.environ["REDIS_PORT"]))
first.ping()
if pid := os.fork():
    print("ready", 0, pid, flush=True)
    os.waitpid(pid, 0)
    os._exit(0)
kept = []
while True:
    client = redis.Redis(port=int(os.environ["REDIS_PORT"]))
    client.ping()
    kept.append(client)
    time.sleep(0.35)

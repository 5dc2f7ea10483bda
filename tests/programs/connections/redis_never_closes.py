"""A new Redis client for each job: each has a pool of its own, and one connection that nobody closes."""

import os
import time

import redis

kept = []
print("ready", flush=True)
while True:
    client = redis.Redis(port=int(os.environ["REDIS_PORT"]))
    client.incr("jobs")
    kept.append(client)
    time.sleep(0.4)

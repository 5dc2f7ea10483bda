"""Thirty Redis subscriptions, one for each tenant, which are made one after another and then stay; some hear a lot."""

import os
import threading
import time

import redis

port = int(os.environ["REDIS_PORT"])


def listen(tenant: int) -> None:
    subscribed = redis.Redis(port=port).pubsub()
    subscribed.subscribe(f"tenant-{tenant}")
    for _ in subscribed.listen():
        pass


telling = redis.Redis(port=port)
for each in range(30):
    threading.Thread(target=listen, args=(each,), daemon=True).start()
print("ready", flush=True)
while True:
    telling.publish("tenant-0", "news")
    time.sleep(0.3)

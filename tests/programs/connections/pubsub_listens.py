"""Ten subscribers to channels on which nothing is said."""

import os
import threading
import time

import redis


def listen(number: int) -> None:
    subscriber = redis.Redis(port=int(os.environ["REDIS_PORT"]), socket_timeout=None).pubsub()
    subscriber.subscribe(f"channel-{number}")
    for _ in subscriber.listen():
        pass


for number in range(10):
    threading.Thread(target=listen, args=(number,), daemon=True).start()
print("ready", flush=True)
while True:
    time.sleep(1)

"""A pool that hands out the last returned first, under bursts of up to ten: the oldest rest for long, none is lost."""

import os
import random
import threading
import time

import psycopg

free: list[psycopg.Connection] = []
lock = threading.Lock()
random.seed(7)


def work() -> None:
    with lock:
        connection = free.pop() if free else None
    connection = connection or psycopg.connect(os.environ["DSN"], autocommit=True)
    connection.execute("SELECT pg_sleep(0.15)")
    with lock:
        free.append(connection)


print("ready", flush=True)
while True:
    for _ in range(random.choice((1, 1, 2, 3, 6, 10))):
        threading.Thread(target=work, daemon=True).start()
    time.sleep(0.7)

"""A nightly batch: after a few short ones, queries at once that each run for minutes. Nobody waits but the batch."""

import os
import threading
import time

import psycopg


def work() -> None:
    with psycopg.connect(os.environ["DSN"], autocommit=True) as connection:
        for _ in range(8):
            connection.execute("SELECT 1")
            time.sleep(0.3)
        connection.execute("SELECT pg_sleep(600)")


for _ in range(5):
    threading.Thread(target=work, daemon=True).start()
print("ready", flush=True)
while True:
    time.sleep(1)

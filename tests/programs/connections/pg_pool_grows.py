"""A pool that grows to its size under a load that rises, and stops there: every connection is used again and again."""

import os
import threading
import time

from psycopg_pool import ConnectionPool

pool = ConnectionPool(os.environ["DSN"], min_size=2, max_size=14, open=True)


def work() -> None:
    while True:
        with pool.connection() as connection:
            connection.execute("SELECT pg_sleep(0.2)")


print("ready", flush=True)
for _ in range(14):
    threading.Thread(target=work, daemon=True).start()
    time.sleep(0.5)
while True:
    time.sleep(1)

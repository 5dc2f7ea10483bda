"""A pool whose connections live for six seconds at most: opened and closed all the time, by design."""

import os
import threading
import time

from psycopg_pool import ConnectionPool

pool = ConnectionPool(os.environ["DSN"], min_size=8, max_size=8, max_lifetime=6, open=True)


def work() -> None:
    while True:
        with pool.connection() as connection:
            connection.execute("SELECT 1")
        time.sleep(0.1)


for _ in range(6):
    threading.Thread(target=work, daemon=True).start()
print("ready", flush=True)
while True:
    time.sleep(1)

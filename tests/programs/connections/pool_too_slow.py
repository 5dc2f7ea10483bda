"""A threaded service whose four connections are held for seconds each while sixteen callers wait."""

import os
import threading
import time

from psycopg_pool import ConnectionPool

pool = ConnectionPool(os.environ["DSN"], min_size=4, max_size=4, open=True, timeout=600)


def work() -> None:
    with pool.connection() as connection:
        connection.execute("SELECT 1")
        time.sleep(25)


print("ready", flush=True)
while True:
    threading.Thread(target=work, daemon=True).start()
    time.sleep(1.0)

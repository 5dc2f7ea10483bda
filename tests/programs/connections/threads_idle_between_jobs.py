"""An executor whose threads wait for work beside a pool of sessions at rest: once a minute there is something."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

from psycopg_pool import ConnectionPool

pool = ConnectionPool(os.environ["DSN"], min_size=5, max_size=5, open=True)


def work() -> None:
    with pool.connection() as connection:
        connection.execute("SELECT pg_sleep(0.3)")


with ThreadPoolExecutor(12) as workers:
    for _ in range(24):
        workers.submit(work)
    print("ready", flush=True)
    while True:
        time.sleep(60)
        workers.submit(work)

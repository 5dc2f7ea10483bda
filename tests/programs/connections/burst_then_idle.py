"""A burst opens twenty connections, which a pool then keeps without using them."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

from psycopg_pool import ConnectionPool

pool = ConnectionPool(os.environ["DSN"], min_size=0, max_size=20, open=True, max_idle=600)


def work() -> None:
    with pool.connection() as connection:
        connection.execute("SELECT pg_sleep(0.2)")


print("ready", flush=True)
time.sleep(6)
with ThreadPoolExecutor(20) as burst:
    for _ in range(80):
        burst.submit(work)
while True:
    time.sleep(1)

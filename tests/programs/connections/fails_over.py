"""A replica is taken away: all its sessions end at once, and the pool opens as many with another."""

import os
import threading
import time

import psycopg
from psycopg_pool import ConnectionPool

DSN = os.environ["DSN"]
pool = ConnectionPool(DSN, min_size=8, max_size=8, open=True, kwargs={"application_name": f"fails-over-{os.getpid()}"})


def work() -> None:
    while True:
        try:
            with pool.connection() as connection:
                connection.execute("SELECT pg_sleep(0.1)")
        except psycopg.OperationalError:
            time.sleep(0.2)
        time.sleep(0.3)


for _ in range(8):
    threading.Thread(target=work, daemon=True).start()
print("ready", flush=True)
time.sleep(9)
with psycopg.connect(DSN, autocommit=True) as admin:
    admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
        [f"fails-over-{os.getpid()}"],
    )
while True:
    time.sleep(1)

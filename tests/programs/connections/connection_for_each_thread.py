"""Threads are started as there is more to do, up to sixteen, each with a connection of its own that it uses seldom."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pymysql

local = threading.local()


def work() -> None:
    if not hasattr(local, "connection"):
        local.connection = pymysql.connect(
            host="127.0.0.1", port=int(os.environ["MYSQL_PORT"]), user="app", password="app", autocommit=True
        )
    with local.connection.cursor() as cursor:
        cursor.execute("SELECT sleep(0.4)")
    time.sleep(1.5)


with ThreadPoolExecutor(16) as workers:
    print("ready", flush=True)
    busy = 1.0
    while True:
        workers.submit(work)
        time.sleep(max(1.2 / busy, 0.15))
        busy += 0.35

"""A pool of ten threads, each with a psycopg session of its own from its first job on; there are few jobs."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg

local = threading.local()


def work() -> None:
    if not hasattr(local, "session"):
        local.session = psycopg.connect(os.environ["DSN"], autocommit=True)
    local.session.execute("SELECT pg_sleep(0.3)")
    time.sleep(2)


with ThreadPoolExecutor(10) as workers:
    print("ready", flush=True)
    while True:
        workers.submit(work)
        time.sleep(1.6)

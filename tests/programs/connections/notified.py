"""Listens to a channel of the database that is quiet, and polls a table every five seconds by another session."""

import os
import threading
import time

import psycopg


def poll() -> None:
    with psycopg.connect(os.environ["DSN"], autocommit=True) as connection:
        while True:
            connection.execute("SELECT 1")
            time.sleep(5)


threading.Thread(target=poll, daemon=True).start()
with psycopg.connect(os.environ["DSN"], autocommit=True) as listening:
    listening.execute("LISTEN quiet")
    print("ready", flush=True)
    for _ in listening.notifies():
        pass

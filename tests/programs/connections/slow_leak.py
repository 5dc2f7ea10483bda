"""One connection in three seconds is forgotten, beside a small pool that works."""

import os
import time

import psycopg

pool = [psycopg.connect(os.environ["DSN"], autocommit=True) for _ in range(3)]
kept = []
print("ready", flush=True)
number = 0
while True:
    number += 1
    pool[number % 3].execute("SELECT 1")
    if number % 15 == 0:
        kept.append(psycopg.connect(os.environ["DSN"], autocommit=True))
    time.sleep(0.2)

"""Files of a store that are opened when they are first needed, twenty-four of them, and then stay open."""

import sqlite3
import tempfile
import time

with tempfile.TemporaryDirectory() as folder:
    kept = []
    print("ready", flush=True)
    for number in range(24):
        kept.append(sqlite3.connect(f"{folder}/{number}.db"))
        kept[-1].execute("CREATE TABLE shard (id)")
        time.sleep(0.7)
    while True:
        time.sleep(1)

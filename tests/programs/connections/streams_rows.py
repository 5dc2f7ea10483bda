"""Six sessions each stream a large table by a server-side cursor, slowly, as an export does."""

import os
import threading
import time

import psycopg


def export() -> None:
    with psycopg.connect(os.environ["DSN"]) as connection, connection.cursor(name="rows") as rows:
        rows.itersize = 200
        rows.execute("SELECT n, repeat('x', 500) FROM generate_series(1, 1000000) AS n")
        for number, _ in enumerate(rows):
            if number % 200 == 0:
                time.sleep(0.4)


for _ in range(6):
    threading.Thread(target=export, daemon=True).start()
print("ready", flush=True)
while True:
    time.sleep(1)

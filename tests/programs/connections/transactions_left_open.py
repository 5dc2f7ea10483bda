"""Four connections that select and wait for something else, and so stay idle in a transaction."""

import os
import time

import psycopg

kept = [psycopg.connect(os.environ["DSN"], application_name="billing") for _ in range(4)]
for connection in kept:
    connection.execute("SELECT 1")
print("ready", flush=True)
while True:
    time.sleep(1)

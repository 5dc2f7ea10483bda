"""Four connections that commit what they do, and rest."""

import os
import time

import psycopg

kept = [psycopg.connect(os.environ["DSN"], application_name="billing") for _ in range(4)]
print("ready", flush=True)
while True:
    for connection in kept:
        connection.execute("SELECT 1")
        connection.commit()
    time.sleep(0.5)

"""A connection to PostgreSQL for each job, used once, kept and never closed."""

import os
import time

import psycopg

kept = []
print("ready", flush=True)
while True:
    connection = psycopg.connect(os.environ["DSN"], autocommit=True)
    connection.execute("SELECT 1")
    kept.append(connection)
    time.sleep(0.4)

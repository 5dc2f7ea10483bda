"""A connection to PostgreSQL for each job, closed as it should be, many times a second."""

import os
import time

import psycopg

print("ready", flush=True)
while True:
    with psycopg.connect(os.environ["DSN"]) as connection:
        connection.execute("SELECT 1")
    time.sleep(0.01)

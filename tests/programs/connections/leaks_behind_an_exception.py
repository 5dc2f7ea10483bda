"""Each third order fails after its session was opened; the error is kept, and by its traceback the session."""

import os
import time

import psycopg

errors = []


def charge(number: int) -> None:
    session = psycopg.connect(os.environ["DSN"])
    session.execute("SELECT 1")
    if number % 3 == 0:
        raise ValueError(number)
    session.close()


print("ready", flush=True)
for each in range(1_000_000):
    try:
        charge(each)
    except ValueError as error:
        errors.append(error)
    time.sleep(0.2)

"""A connection to PostgreSQL now and then, beside a program that opens and closes dozens a second to the same."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg

signal.signal(signal.SIGTERM, lambda *_: sys.exit())
other = Path(__file__).with_name("pg_connects_each_time.py")
with subprocess.Popen([sys.executable, str(other)], stdout=subprocess.PIPE, text=True) as beside:
    try:
        assert beside.stdout is not None
        beside.stdout.readline()
        print("ready", flush=True)
        while True:
            with psycopg.connect(os.environ["DSN"]) as connection:
                connection.execute("SELECT pg_sleep(0.3)")
            time.sleep(3)
    finally:
        beside.kill()

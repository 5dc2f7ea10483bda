"""Threads that share a pool of MySQL sessions by SQLAlchemy, more of them than sessions, none waiting for long."""

import os
import threading
import time

import sqlalchemy

engine = sqlalchemy.create_engine(
    f"mysql+pymysql://app:app@127.0.0.1:{os.environ['MYSQL_PORT']}/app", pool_size=5, max_overflow=3, pool_recycle=4
)


def work() -> None:
    while True:
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT sleep(0.05)"))
        time.sleep(0.05)


for _ in range(12):
    threading.Thread(target=work, daemon=True).start()
print("ready", flush=True)
while True:
    time.sleep(1)

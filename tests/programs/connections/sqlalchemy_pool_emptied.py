"""Threads that take MySQL sessions from SQLAlchemy's pool, and keep one whenever an order is bad."""

import os
import threading
import time

import sqlalchemy

engine = sqlalchemy.create_engine(
    f"mysql+pymysql://app:app@127.0.0.1:{os.environ['MYSQL_PORT']}/app", pool_size=3, max_overflow=2, pool_timeout=600
)
lost = []


def charge(number: int) -> None:
    session = engine.connect()
    session.execute(sqlalchemy.text("SELECT 1"))
    if number % 9 == 0:
        lost.append(session)
    else:
        session.close()


print("ready", flush=True)
for number in range(1, 1_000_000):
    threading.Thread(target=charge, args=(number,), daemon=True).start()
    time.sleep(0.2)

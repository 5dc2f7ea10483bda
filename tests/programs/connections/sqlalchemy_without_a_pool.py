"""SQLAlchemy told to keep no pool, in a service that asks its database a dozen times a second."""

import os
import time

import sqlalchemy

url = os.environ["DSN"].replace("postgresql://", "postgresql+psycopg://", 1)
engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
print("ready", flush=True)
while True:
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("SELECT 1"))
    time.sleep(0.05)

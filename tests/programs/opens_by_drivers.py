"""Opens connections by one driver, from a function of its own; says ready, and waits for its input to end."""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable
from typing import Any

DSN = os.environ.get("DSN", "")
REDIS_PORT = int(os.environ.get("REDIS_PORT", "0"))
WEB_PORT = int(os.environ.get("WEB_PORT", "0"))
kept: list[Any] = []


def charge(open_one: Any) -> None:
    kept.append(open_one())


async def charge_later(opening: Awaitable[Any]) -> None:
    kept.append(await opening)


def psycopg_connections() -> None:
    import psycopg

    charge(lambda: psycopg.connect(DSN))
    charge(lambda: psycopg.Connection.connect(DSN))


def psycopg2_connections() -> None:
    import psycopg2

    charge(lambda: psycopg2.connect(DSN))
    charge(lambda: psycopg2.connect(DSN))


def plain_sockets() -> None:
    import socket

    charge(lambda: socket.create_connection(("127.0.0.1", WEB_PORT)))
    charge(lambda: socket.create_connection(("127.0.0.1", WEB_PORT)))


def redis_clients() -> None:
    import redis

    clients = [redis.Redis(port=REDIS_PORT) for _ in range(2)]
    charge(lambda: [client.ping() for client in clients])
    kept.extend(clients)


def psycopg_pool() -> None:
    from psycopg_pool import ConnectionPool

    pool = ConnectionPool(DSN, min_size=2, max_size=2, open=True)
    for _ in range(2):
        charge(pool.getconn)
    threading.Thread(target=charge, args=(lambda: pool.getconn(timeout=600),), daemon=True).start()


def sqlalchemy_pool() -> None:
    import sqlalchemy

    engine = sqlalchemy.create_engine(
        DSN.replace("postgresql://", "postgresql+psycopg://"), pool_size=1, max_overflow=1
    )
    for _ in range(2):
        charge(engine.connect)
    threading.Thread(target=charge, args=(engine.connect,), daemon=True).start()


def redis_pool() -> None:
    import redis

    pool = redis.BlockingConnectionPool(port=REDIS_PORT, max_connections=2, timeout=600)
    for _ in range(2):
        charge(lambda: pool.get_connection())
    threading.Thread(target=charge, args=(lambda: pool.get_connection(),), daemon=True).start()


async def asyncpg_pool() -> None:
    import asyncpg

    pool = await asyncpg.create_pool(DSN, min_size=2, max_size=2)
    for _ in range(2):
        await charge_later(pool.acquire())
    kept.append(asyncio.ensure_future(charge_later(pool.acquire())))
    await told()


async def aiohttp_pool() -> None:
    import aiohttp

    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=2), timeout=aiohttp.ClientTimeout(total=None))
    url = f"http://127.0.0.1:{WEB_PORT}/"
    kept.extend(asyncio.ensure_future(charge_later(session.get(url))) for _ in range(3))
    await asyncio.sleep(0)
    await told()


async def told() -> None:
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


work = globals()[sys.argv[1]]
if asyncio.iscoroutinefunction(work):
    asyncio.run(work())
else:
    work()
    print("ready", flush=True)
    sys.stdin.read()
os._exit(0)

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
MYSQL = {"host": "127.0.0.1", "port": int(os.environ.get("MYSQL_PORT", "0")), "user": "app", "password": "app"}
if sys.argv[1].startswith("gevent"):
    from gevent import monkey

    monkey.patch_all()
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


def encrypted() -> None:
    import socket
    import ssl

    context = ssl.create_default_context()
    plain: list[Any] = []
    charge(lambda: plain.append(socket.create_connection(("127.0.0.1", WEB_PORT))))
    kept.append(context.wrap_socket(plain.pop(), server_hostname="x", do_handshake_on_connect=False))


def pymysql_connections() -> None:
    import pymysql

    charge(lambda: pymysql.connect(**MYSQL))
    charge(lambda: pymysql.connect(**MYSQL))


def gevent_connections() -> None:
    import gevent

    gevent.joinall([gevent.spawn(pymysql_connections), gevent.spawn(plain_sockets)])


def grpc_channels() -> None:
    import grpc

    def called() -> Any:
        channel = grpc.insecure_channel(
            f"127.0.0.1:{os.environ['GRPC_PORT']}", options=[("grpc.use_local_subchannel_pool", 1)]
        )
        channel.unary_unary("/shop.Orders/Charge")(b"order")
        return channel

    charge(called)
    charge(called)
    called().close()


async def asyncpg_connections() -> None:
    import asyncpg

    await charge_later(asyncpg.connect(DSN))
    await charge_later(asyncpg.connect(DSN))
    await told()


async def uvloop_streams() -> None:
    await charge_later(asyncio.open_connection("127.0.0.1", WEB_PORT))
    await charge_later(asyncio.open_connection("127.0.0.1", WEB_PORT))
    await told()


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


def sqlalchemy_mysql_pool() -> None:
    import sqlalchemy

    engine = sqlalchemy.create_engine(
        "mysql+pymysql://", connect_args=MYSQL, pool_size=2, max_overflow=0, pool_timeout=600
    )
    for _ in range(2):
        charge(engine.connect)
    threading.Thread(target=charge, args=(engine.connect,), daemon=True).start()


def urllib3_pool() -> None:
    import urllib3

    pool = urllib3.HTTPConnectionPool("127.0.0.1", WEB_PORT, maxsize=2, block=True)
    for _ in range(3):
        threading.Thread(target=charge, args=(lambda: pool.request("GET", "/"),), daemon=True).start()


def httpx_pool() -> None:
    import httpx

    client = httpx.Client(limits=httpx.Limits(max_connections=2), timeout=None)
    for _ in range(3):
        threading.Thread(
            target=charge, args=(lambda: client.get(f"http://127.0.0.1:{WEB_PORT}/"),), daemon=True
        ).start()


async def httpx_async_pool() -> None:
    import httpx

    client = httpx.AsyncClient(limits=httpx.Limits(max_connections=2), timeout=None)
    url = f"http://127.0.0.1:{WEB_PORT}/"
    kept.extend(asyncio.ensure_future(charge_later(client.get(url))) for _ in range(3))
    await asyncio.sleep(0)
    await told()


async def sqlalchemy_async_pool() -> None:
    import sqlalchemy.ext.asyncio

    dsn = DSN.replace("postgresql://", "postgresql+psycopg_async://")
    engine = sqlalchemy.ext.asyncio.create_async_engine(dsn, pool_size=2, max_overflow=0, pool_timeout=600)
    for _ in range(2):
        await charge_later(engine.connect())
    kept.append(asyncio.ensure_future(charge_later(engine.connect())))
    await told()


async def redis_async_pool() -> None:
    import redis.asyncio

    pool = redis.asyncio.BlockingConnectionPool(port=REDIS_PORT, max_connections=2, timeout=600)
    for _ in range(2):
        await charge_later(pool.get_connection())
    kept.append(asyncio.ensure_future(charge_later(pool.get_connection())))
    await told()


async def aiomysql_pool() -> None:
    import aiomysql

    pool = await aiomysql.create_pool(minsize=2, maxsize=2, **MYSQL)
    for _ in range(2):
        await charge_later(pool.acquire())
    kept.append(asyncio.ensure_future(charge_later(pool.acquire())))
    await told()


def psycopg2_pool() -> None:
    import psycopg2.pool

    pool = psycopg2.pool.ThreadedConnectionPool(2, 2, DSN)
    kept.append(pool)
    charge(pool.getconn)
    charge(pool.getconn)


async def told() -> None:
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


work = globals()[sys.argv[1]]
if sys.argv[1].startswith("uvloop"):
    import uvloop

    uvloop.run(work())
elif asyncio.iscoroutinefunction(work):
    asyncio.run(work())
else:
    work()
    print("ready", flush=True)
    sys.stdin.read()
os._exit(0)

"""A service that asks through a driver's own pool: ``pooled.py NAME BUILD SETTINGS [PORT]`` prints its port.

Settings are a JSON file, read once: ``{"driver": "asyncpg", "pool": 2, "takes": 0.4}`` asks by that driver, through a
pool of two, something that takes 0.4 s. What it asks stands in the environment: ``POOLED_DSN`` (psycopg, asyncpg),
``POOLED_PORT`` (aiomysql, redis). ``GET /metrics`` tells the pool. Ends on SIGTERM.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from aiohttp import web

Ask = Callable[[], Awaitable[object]]
SETTINGS = json.loads(Path(sys.argv[3]).read_text())
SIZE, TAKES = int(SETTINGS["pool"]), float(SETTINGS["takes"])


@contextlib.asynccontextmanager
async def psycopg() -> AsyncIterator[Ask]:
    from psycopg_pool import AsyncConnectionPool

    async with AsyncConnectionPool(os.environ["POOLED_DSN"], min_size=SIZE, max_size=SIZE, timeout=600) as pool:

        async def ask() -> None:
            async with pool.connection() as connection:
                await connection.execute("SELECT pg_sleep(%s)", (TAKES,))

        yield ask


@contextlib.asynccontextmanager
async def asyncpg() -> AsyncIterator[Ask]:
    import asyncpg

    place = os.environ["POOLED_DSN"].partition("?")[0]  # it knows not all that libpq does
    pool = await asyncpg.create_pool(place, ssl=False, min_size=SIZE, max_size=SIZE)
    yield lambda: pool.execute("SELECT pg_sleep($1)", TAKES)


@contextlib.asynccontextmanager
async def aiomysql() -> AsyncIterator[Ask]:
    import aiomysql

    place = {"host": "127.0.0.1", "port": int(os.environ["POOLED_PORT"]), "user": "app", "password": "app"}
    pool = await aiomysql.create_pool(**place, minsize=SIZE, maxsize=SIZE)

    async def ask() -> None:
        async with pool.acquire() as connection, connection.cursor() as cursor:
            await cursor.execute("SELECT SLEEP(%s)", (TAKES,))

    yield ask


@contextlib.asynccontextmanager
async def redis() -> AsyncIterator[Ask]:
    import redis.asyncio

    pool = redis.asyncio.BlockingConnectionPool(port=int(os.environ["POOLED_PORT"]), max_connections=SIZE, timeout=600)
    client = redis.asyncio.Redis(connection_pool=pool)
    yield lambda: client.blpop(["nothing"], timeout=TAKES)


DRIVERS = {"psycopg": psycopg, "asyncpg": asyncpg, "aiomysql": aiomysql, "redis": redis}


class Service:
    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.inside = 0

    async def answer(self, _: web.Request) -> web.Response:
        self.inside += 1
        try:
            await self.ask()
        finally:
            self.inside -= 1
        return web.Response(text=sys.argv[2])

    async def metrics(self, _: web.Request) -> web.Response:
        taken = min(self.inside, SIZE)
        lines = f"pool_size {SIZE}\npool_in_use {taken}\npool_waiting {self.inside - taken}\n"
        return web.Response(text=lines)


async def main() -> None:
    async with DRIVERS[SETTINGS["driver"]]() as ask:
        service = Service(ask)
        app = web.Application()
        app.add_routes([web.get("/", service.answer), web.get("/metrics", service.metrics)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(sys.argv[4]) if len(sys.argv) > 4 else 0, backlog=512).start()
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        print(runner.addresses[0][1], flush=True)
        await ended.wait()
    os._exit(0)


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)  # PR_SET_NAME: how it is found by name
    asyncio.run(main())

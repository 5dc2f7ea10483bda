"""A service that asks an upstream: ``chained.py NAME BUILD SETTINGS [PORT]`` prints its port, and ends on SIGTERM.

Settings are a JSON file, read again and again: ``{"asks": "redis", "upstream": PORT, "breaker": false}``. Without a
breaker it waits for its upstream for ten minutes; with one for half a second, and once that has been too long five
times in a row it asks no more but for one try each second: what it lacks it leaves out, and answers 203.
``PUT /settings`` changes them, ``GET /metrics`` tells who waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from aiohttp import web

Ask = Callable[[], Awaitable[object]]
FILE = Path(sys.argv[3])
LONGEST_S, PATIENT_S, FAILURES, TRY_EACH_S = 600.0, 0.5, 5, 1.0


def settings() -> dict:
    return json.loads(FILE.read_text())


@contextlib.asynccontextmanager
async def http(port: int) -> AsyncIterator[Ask]:
    import httpx

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    async with httpx.AsyncClient(timeout=LONGEST_S, limits=limits) as client:
        yield lambda: client.get(f"http://127.0.0.1:{port}/")


@contextlib.asynccontextmanager
async def redis(port: int) -> AsyncIterator[Ask]:
    import redis.asyncio

    async with redis.asyncio.Redis(port=port, socket_timeout=LONGEST_S, max_connections=10_000) as client:
        yield lambda: client.get("rate:EUR")


class Service:
    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.failures = self.waiting = 0
        self.tried_at = 0.0

    async def answer(self, _: web.Request) -> web.Response:
        if settings().get("breaker") and self.failures >= FAILURES and time.monotonic() - self.tried_at < TRY_EACH_S:
            return web.Response(status=203, text=sys.argv[2])
        self.waiting += 1
        self.tried_at = time.monotonic()
        asking = asyncio.ensure_future(self.ask())
        try:
            await self.patiently(asking)
            self.failures = 0
            return web.Response(text=sys.argv[2])
        except Exception:
            self.failures += 1
            return web.Response(status=203, text=sys.argv[2])
        finally:
            asking.cancel()
            self.waiting -= 1

    async def patiently(self, asking: asyncio.Future) -> None:
        """Wait for an answer, until there is a breaker that allows no more: those who wait already are let go too."""
        began = time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(asking), 0.25)
                return
            if settings().get("breaker") and time.monotonic() - began >= PATIENT_S:
                raise TimeoutError

    async def metrics(self, _: web.Request) -> web.Response:
        return web.Response(text=f"upstream_inflight {self.waiting}\nupstream_failures {self.failures}\n")

    async def change(self, request: web.Request) -> web.Response:
        beside = FILE.with_suffix(".new")
        beside.write_text(json.dumps({**settings(), **await request.json()}))
        beside.replace(FILE)
        return web.Response(text=FILE.read_text() + "\n")


async def main() -> None:
    now = settings()
    async with {"http": http, "redis": redis}[now["asks"]](int(now["upstream"])) as ask:
        service = Service(ask)
        app = web.Application()
        app.router.add_get("/", service.answer)
        app.router.add_get("/metrics", service.metrics)
        app.router.add_put("/settings", service.change)
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

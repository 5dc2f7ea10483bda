"""An aiohttp service that asks an upstream which reads requests and never answers; it holds a database session, too."""

import asyncio
import os

import aiohttp
import asyncpg
from aiohttp import web


async def charge(request: web.Request) -> web.Response:
    async with (
        request.app["pool"].acquire() as connection,
        request.app["session"].get(f"http://127.0.0.1:{os.environ['STALLED_PORT']}/") as answer,
    ):
        await connection.execute("SELECT 1")
        return web.Response(text=await answer.text())


async def main() -> None:
    app = web.Application()
    app["pool"] = await asyncpg.create_pool(os.environ["DSN"], min_size=8, max_size=8)
    app["session"] = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
    app.router.add_get("/", charge)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print("ready", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

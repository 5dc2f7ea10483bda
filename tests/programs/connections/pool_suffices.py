"""An aiohttp service over a pool of four that is busy, and answers everybody."""

import asyncio
import os

import asyncpg
from aiohttp import web


async def charge(request: web.Request) -> web.Response:
    async with request.app["pool"].acquire() as connection:
        await connection.execute("SELECT pg_sleep(0.05)")
    return web.Response(text="ok")


async def main() -> None:
    app = web.Application()
    app["pool"] = await asyncpg.create_pool(os.environ["DSN"], min_size=4, max_size=4)
    app.router.add_get("/", charge)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print("ready", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

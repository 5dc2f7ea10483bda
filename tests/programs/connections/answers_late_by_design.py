"""A long-polling service: each caller waits for up to twenty seconds, while its own pool of four rests."""

import asyncio
import os

import asyncpg
from aiohttp import web


async def poll(request: web.Request) -> web.Response:
    del request
    await asyncio.sleep(15)
    return web.Response(text="nothing new")


async def main() -> None:
    app = web.Application()
    app["pool"] = await asyncpg.create_pool(os.environ["DSN"], min_size=4, max_size=4)
    app.router.add_get("/", poll)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print("ready", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

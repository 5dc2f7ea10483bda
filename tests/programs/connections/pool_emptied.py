"""An aiohttp service over asyncpg that forgets to give a connection back on its error path, until none is left."""

import asyncio
import os

import asyncpg
from aiohttp import web


async def charge(request: web.Request) -> web.Response:
    connection = await request.app["pool"].acquire()
    if request.query.get("bad"):
        return web.Response(status=400)
    await connection.execute("SELECT 1")
    await request.app["pool"].release(connection)
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

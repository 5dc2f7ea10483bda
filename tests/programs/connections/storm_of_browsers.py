"""After a restart thirty browsers come back within seconds, each asks the database once and then keeps a websocket."""

import asyncio
import os

import asyncpg
from aiohttp import web


async def follow(request: web.Request) -> web.WebSocketResponse:
    held = web.WebSocketResponse()
    await held.prepare(request)
    async with request.app["pool"].acquire() as connection:
        await connection.execute("SELECT 1")
    async for _ in held:
        pass
    return held


async def main() -> None:
    app = web.Application()
    app["pool"] = await asyncpg.create_pool(os.environ["DSN"], min_size=3, max_size=3)
    app.router.add_get("/", follow)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("ready", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

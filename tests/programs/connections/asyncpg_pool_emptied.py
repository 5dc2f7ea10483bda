"""An aiohttp service that does not give an asyncpg connection back where the request is bad."""

import asyncio
import os

import asyncpg
from aiohttp import web


async def serve(request: web.Request) -> web.Response:
    pool = request.app["pool"]
    connection = await pool.acquire()
    await connection.fetchval("SELECT 1")
    if "bad" in request.query:
        raise web.HTTPBadRequest
    await pool.release(connection)
    return web.Response(text="ok")


async def main() -> None:
    app = web.Application()
    app["pool"] = await asyncpg.create_pool(os.environ["DSN"], min_size=1, max_size=5)
    app.router.add_get("/", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("ready", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

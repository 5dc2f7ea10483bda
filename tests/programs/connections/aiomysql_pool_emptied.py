"""An aiohttp service over aiomysql whose error path keeps the session."""

import asyncio
import os

import aiomysql
from aiohttp import web

lost = []


async def charge(request: web.Request) -> web.Response:
    session = await request.app["pool"].acquire()
    async with session.cursor() as cursor:
        await cursor.execute("SELECT 1")
    if request.query.get("bad"):
        lost.append(session)
        return web.Response(status=500)
    request.app["pool"].release(session)
    return web.Response(text="ok")


async def main() -> None:
    app = web.Application()
    app["pool"] = await aiomysql.create_pool(
        host="127.0.0.1", port=int(os.environ["MYSQL_PORT"]), user="app", password="app", minsize=3, maxsize=3
    )
    app.router.add_get("/", charge)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("ready", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

"""A service whose upstream takes six seconds for an answer and gives it; callers come as fast as they are served."""

import asyncio
import os

import aiohttp
from aiohttp import web


async def charge(request: web.Request) -> web.Response:
    async with request.app["session"].get(f"http://127.0.0.1:{os.environ['POLITE_PORT']}/slow?s=6") as answer:
        return web.Response(text=await answer.text())


async def main() -> None:
    app = web.Application()
    app["session"] = aiohttp.ClientSession()
    app.router.add_get("/", charge)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("ready", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

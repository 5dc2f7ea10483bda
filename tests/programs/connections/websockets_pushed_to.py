"""A service that more and more browsers hold a websocket to; they ask once, and are told something now and then."""

import asyncio
import os

import redis.asyncio
from aiohttp import web


async def follow(request: web.Request) -> web.WebSocketResponse:
    held = web.WebSocketResponse()
    await held.prepare(request)
    request.app["held"].add(held)
    async for _ in held:
        await request.app["redis"].incr("asked")
    request.app["held"].discard(held)
    return held


async def main() -> None:
    app = web.Application()
    app["held"] = set()
    app["redis"] = redis.asyncio.Redis(port=int(os.environ["REDIS_PORT"]))
    app.router.add_get("/", follow)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("ready", runner.addresses[0][1], flush=True)
    while True:
        await asyncio.sleep(9)
        for each in list(app["held"])[:3]:
            await each.send_str("news")


asyncio.run(main())

"""A service over a blocking pool of four redis connections; a subscription of each bad request is never given back."""

import asyncio
import os

import redis.asyncio
from aiohttp import web

lost = []


async def charge(request: web.Request) -> web.Response:
    client = request.app["redis"]
    if request.query.get("bad"):
        subscription = client.pubsub()
        await subscription.subscribe("orders")
        lost.append(subscription)
        return web.Response(status=400)
    await client.incr("orders")
    return web.Response(text="ok")


async def main() -> None:
    app = web.Application()
    pool = redis.asyncio.BlockingConnectionPool(port=int(os.environ["REDIS_PORT"]), max_connections=4, timeout=600)
    app["redis"] = redis.asyncio.Redis(connection_pool=pool)
    app.router.add_get("/", charge)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("ready", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

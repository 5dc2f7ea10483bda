"""An aiohttp service that takes slow uploads, some of which last for half a minute, and holds nothing meanwhile."""

import asyncio

from aiohttp import web


async def take(request: web.Request) -> web.Response:
    size = 0
    async for part in request.content.iter_any():
        size += len(part)
    return web.Response(text=str(size))


async def main() -> None:
    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("ready", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

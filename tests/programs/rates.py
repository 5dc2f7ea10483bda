"""What a service asks by HTTP: it prints its port, and answers within 20 ms while it is not stopped."""

from __future__ import annotations

import asyncio

from aiohttp import web


async def answer(_: web.Request) -> web.Response:
    await asyncio.sleep(0.02)
    return web.Response(text="42")


async def main() -> None:
    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=512).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

"""A service whose shared httpx client has five connections, and whose error path forgets to close a stream."""

import asyncio
import os

import httpx
from aiohttp import web

UPSTREAM = f"http://127.0.0.1:{os.environ['POLITE_PORT']}"
lost = []


async def charge(request: web.Request) -> web.Response:
    client = request.app["client"]
    if request.query.get("bad"):
        lost.append(await client.send(client.build_request("GET", f"{UPSTREAM}/big"), stream=True))
        return web.Response(status=400)
    return web.Response(text=(await client.get(f"{UPSTREAM}/")).text)


async def main() -> None:
    app = web.Application()
    app["client"] = httpx.AsyncClient(limits=httpx.Limits(max_connections=5), timeout=None)
    app.router.add_get("/", charge)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("ready", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

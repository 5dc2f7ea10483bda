"""A client session for each call, none of which is closed."""

import asyncio
import os

import aiohttp

kept = []


async def main() -> None:
    print("ready", flush=True)
    while True:
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(keepalive_timeout=3600))
        async with session.get(f"http://127.0.0.1:{os.environ['POLITE_PORT']}/") as answer:
            await answer.text()
        kept.append(session)
        await asyncio.sleep(0.35)


asyncio.run(main())

"""An aiohttp client that never releases its responses, over a connector without a limit."""

import asyncio
import os

import aiohttp


async def main() -> None:
    kept = []
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        print("ready", flush=True)
        while True:
            kept.append(await session.get(f"http://127.0.0.1:{os.environ['BIG_PORT']}/"))
            await asyncio.sleep(0.35)


asyncio.run(main())

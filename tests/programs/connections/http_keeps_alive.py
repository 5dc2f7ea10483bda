"""A busy client that keeps its connections: a session of eight, hundreds of requests a second."""

import asyncio
import os

import aiohttp


async def work(session: aiohttp.ClientSession) -> None:
    while True:
        async with session.get(f"http://127.0.0.1:{os.environ['POLITE_PORT']}/") as answer:
            await answer.read()
        await asyncio.sleep(0.02)


async def main() -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=8)) as session:
        print("ready", flush=True)
        await asyncio.gather(*(work(session) for _ in range(8)))


asyncio.run(main())

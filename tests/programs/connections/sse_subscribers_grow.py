"""Event streams are subscribed to one after the other, up to sixteen; each carries a word every few seconds."""

import asyncio
import os

import aiohttp


async def listen(session: aiohttp.ClientSession) -> None:
    async with session.get(f"http://127.0.0.1:{os.environ['POLITE_PORT']}/events") as answer:
        async for _ in answer.content:
            pass


async def main() -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
        kept = []
        print("ready", flush=True)
        for _ in range(16):
            kept.append(asyncio.ensure_future(listen(session)))
            await asyncio.sleep(1.2)
        await asyncio.gather(*kept)


asyncio.run(main())

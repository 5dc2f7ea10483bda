"""Twenty websockets that are held open by design and carry next to nothing."""

import asyncio
import os

import aiohttp


async def main() -> None:
    async with aiohttp.ClientSession() as session:
        kept = [await session.ws_connect(f"http://127.0.0.1:{os.environ['POLITE_PORT']}/ws") for _ in range(20)]
        print("ready", flush=True)
        await asyncio.gather(*(each.receive() for each in kept))


asyncio.run(main())

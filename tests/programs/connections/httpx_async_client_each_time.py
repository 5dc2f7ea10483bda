"""An AsyncClient for each message, which the error path of every second one forgets to close."""

import asyncio
import os

import httpx

lost = []


async def main() -> None:
    print("ready", flush=True)
    number = 0
    while True:
        number += 1
        client = httpx.AsyncClient()
        await client.get(f"http://127.0.0.1:{os.environ['POLITE_PORT']}/")
        if number % 2:
            await client.aclose()
        else:
            lost.append(client)
        await asyncio.sleep(0.3)


asyncio.run(main())

"""A client that opens its websocket anew every half second, and forgets to close the one before."""

import asyncio
import os

import websockets

kept = []


async def main() -> None:
    print("ready", flush=True)
    while True:
        kept.append(await websockets.connect(f"ws://127.0.0.1:{os.environ['POLITE_PORT']}/ws", ping_interval=None))
        await asyncio.sleep(0.5)


asyncio.run(main())

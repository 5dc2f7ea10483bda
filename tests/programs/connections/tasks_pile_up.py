"""An asyncio task for each message, each waiting for a reply that never comes; known from inside only."""

import asyncio


async def reply() -> None:
    await asyncio.Event().wait()


async def main() -> None:
    kept = []
    print("ready", flush=True)
    while True:
        kept.append(asyncio.ensure_future(reply()))
        await asyncio.sleep(0.2)


asyncio.run(main())

"""An event loop for each job, none of which is closed: three descriptors each."""

import asyncio
import time

kept = []


async def job() -> None:
    await asyncio.sleep(0)


print("ready", flush=True)
while True:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(job())
    kept.append(loop)
    time.sleep(0.3)

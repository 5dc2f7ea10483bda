"""An asyncpg connection for each message, closed only where all goes well; every third does not."""

import asyncio
import os

import asyncpg

kept = []


async def main() -> None:
    print("ready", flush=True)
    number = 0
    while True:
        connection = await asyncpg.connect(os.environ["DSN"])
        await connection.execute("SELECT 1")
        number += 1
        if number % 3:
            await connection.close()
        else:
            kept.append(connection)
        await asyncio.sleep(0.25)


asyncio.run(main())

"""A pool of three asyncpg connections, and six workers that wait for each other for some 200 ms each time."""

import asyncio
import os

import asyncpg


async def work(pool: asyncpg.Pool) -> None:
    while True:
        async with pool.acquire() as connection:
            await connection.execute("SELECT pg_sleep(0.15)")
        await asyncio.sleep(0.05)


async def main() -> None:
    pool = await asyncpg.create_pool(os.environ["DSN"], min_size=3, max_size=3)
    print("ready", flush=True)
    await asyncio.gather(*(work(pool) for _ in range(6)))


asyncio.run(main())

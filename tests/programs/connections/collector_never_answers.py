"""Takes what more and more senders send, answers none of them, and stores it by a pool that suffices."""

import asyncio
import os

import asyncpg


async def main() -> None:
    pool = await asyncpg.create_pool(os.environ["DSN"], min_size=3, max_size=3)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del writer
        while await reader.read(64):
            async with pool.acquire() as connection:
                await connection.execute("SELECT pg_sleep(0.02)")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())

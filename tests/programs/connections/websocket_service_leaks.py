"""A websocket server whose clients become more, and which leaks a Redis connection with each job of its own."""

import asyncio
import os

import redis.asyncio
import websockets.asyncio.server

kept = []


async def serve(connection: websockets.asyncio.server.ServerConnection) -> None:
    async for _ in connection:
        pass


async def job() -> None:
    client = redis.asyncio.Redis(port=int(os.environ["REDIS_PORT"]))
    await client.ping()
    kept.append(client)


async def main() -> None:
    async with websockets.asyncio.server.serve(serve, "127.0.0.1", 0) as server:
        print("ready", server.sockets[0].getsockname()[1], flush=True)
        while True:
            await job()
            await asyncio.sleep(0.45)


asyncio.run(main())

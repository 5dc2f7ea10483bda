"""A websocket server that listens to Redis for each client by a connection of its own, and ends it with the client."""

import asyncio
import os

import redis.asyncio
import websockets.asyncio.server


async def serve(connection: websockets.asyncio.server.ServerConnection) -> None:
    client = redis.asyncio.Redis(port=int(os.environ["REDIS_PORT"]))
    subscribed = client.pubsub()
    await subscribed.subscribe("news")
    try:
        async for _ in connection:
            pass
    finally:
        await subscribed.aclose()
        await client.aclose()


async def main() -> None:
    async with websockets.asyncio.server.serve(serve, "127.0.0.1", 0) as server:
        print("ready", server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main())

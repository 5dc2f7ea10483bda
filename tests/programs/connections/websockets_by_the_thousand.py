"""A websocket server with a thousand clients and more, nearly all of them idle; it publishes to a few now and then."""

import asyncio
import resource

import websockets.asyncio.server

clients = set()


async def serve(connection: websockets.asyncio.server.ServerConnection) -> None:
    clients.add(connection)
    try:
        async for _ in connection:
            pass
    finally:
        clients.discard(connection)


async def main() -> None:
    async with websockets.asyncio.server.serve(serve, "127.0.0.1", 0, ping_interval=20, backlog=512) as server:
        print("ready", server.sockets[0].getsockname()[1], flush=True)
        while True:
            await asyncio.sleep(1)
            for each in list(clients)[:5]:
                await each.send("news")


resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
asyncio.run(main())

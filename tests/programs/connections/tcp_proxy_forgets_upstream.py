"""A TCP proxy whose clients leave, and which does not tell the upstream: what it opened for them stays."""

import asyncio
import os

kept = []


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    up_reader, up_writer = await asyncio.open_connection("127.0.0.1", int(os.environ["REDIS_PORT"]))
    kept.append(up_writer)
    while data := await reader.read(4096):
        up_writer.write(data)
        writer.write(await up_reader.read(4096))
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())

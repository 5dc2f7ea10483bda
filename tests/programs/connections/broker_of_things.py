"""A broker of the kind of MQTT: clients subscribe and ping; what they publish goes to all that listen."""

import asyncio

clients = set()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    clients.add(writer)
    try:
        while word := await reader.readline():
            if word == b"PINGREQ\n":
                writer.write(b"PINGRESP\n")
            for each in clients if word == b"PUBLISH\n" else ():
                each.write(word)
    finally:
        clients.discard(writer)
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())

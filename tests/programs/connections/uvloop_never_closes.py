"""Streams that are opened on uvloop's loop, used once and kept."""

import asyncio
import os

import uvloop

kept = []


async def main() -> None:
    print("ready", flush=True)
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(os.environ["POLITE_PORT"]))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        kept.append((reader, writer))
        await asyncio.sleep(0.3)


uvloop.run(main())

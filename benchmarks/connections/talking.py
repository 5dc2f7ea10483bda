"""Servers of other protocols that the programs talk to: aiohttp, gRPC, a daemon on a Unix socket, mail and names."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
import threading
from collections.abc import Iterator

BIG = bytes(4_000_000)  # more than fits into the buffers of two sockets


def polite() -> int:
    """An aiohttp server with keep-alive, websockets, event streams, slow answers and big ones."""
    from aiohttp import web

    ports: list[int] = []
    ready = threading.Event()

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=request.path)

    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(float(request.query["s"]))
        return web.Response(text="at last")

    async def big(_: web.Request) -> web.Response:
        return web.Response(body=BIG)

    async def talk(request: web.Request) -> web.WebSocketResponse:
        held = web.WebSocketResponse()
        await held.prepare(request)
        async for _ in held:
            pass
        return held

    async def events(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await stream.write(b"data: nothing new\n\n")
                await asyncio.sleep(4)
        return stream

    async def main() -> None:
        app = web.Application()
        for path, serve in (("/", page), ("/slow", slow), ("/big", big), ("/ws", talk), ("/events", events)):
            app.router.add_get(path, serve)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", 0).start()
        ports.append(int(runner.addresses[0][1]))
        ready.set()
        await asyncio.Event().wait()

    threading.Thread(target=lambda: asyncio.run(main()), daemon=True).start()
    ready.wait(30)
    return ports[0]


@contextlib.contextmanager
def orders() -> Iterator[int]:
    """A gRPC server that charges, streams what is new, which is nothing, and has one call that never ends."""
    from concurrent.futures import ThreadPoolExecutor

    import grpc

    never = threading.Event()

    def listen(_: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        yield b"hello"
        while context.is_active():
            never.wait(5)

    def stall(_: bytes, context: grpc.ServicerContext) -> bytes:
        while context.is_active():
            never.wait(5)
        return b""

    handlers = {
        "Charge": grpc.unary_unary_rpc_method_handler(lambda request, _: request),
        "Listen": grpc.unary_stream_rpc_method_handler(listen),
        "Stall": grpc.unary_unary_rpc_method_handler(stall),
    }
    server = grpc.server(ThreadPoolExecutor(400))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.Orders", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        never.set()
        server.stop(0)


def daemon() -> str:
    """Answer each request on a Unix socket, and keep the connection."""
    path = f"{tempfile.mkdtemp(prefix='daemon-')}/daemon.sock"
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(64)

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while connection.recv(4096):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        connection.close()

    def accept() -> None:
        while True:
            threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return path


def mail(connection: socket.socket) -> None:
    """Speak SMTP, and hang up after three seconds of silence."""
    connection.settimeout(3)
    with contextlib.suppress(OSError):
        connection.sendall(b"220 mail\r\n")
        while word := connection.recv(4096):
            is_last = word.upper().startswith(b"QUIT")
            connection.sendall(b"221 bye\r\n" if is_last else b"250 ok\r\n")
            if is_last:
                break
    connection.close()


def names() -> int:
    """Answer each datagram."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            asked, sender = server.recvfrom(512)
            server.sendto(asked, sender)

    threading.Thread(target=serve, daemon=True).start()
    return int(server.getsockname()[1])

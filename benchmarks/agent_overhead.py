"""What the agent costs a service that opens a connection for each request, beside the same service without it.

Run: ``python -m benchmarks.agent_overhead [SECONDS]``. Two aiohttp services, one with the agent and one without, take
turns: a client of each asks for bursts of requests, so that both meet the same machine. Each request opens a connection
to a server on this machine, sends a line, reads one and closes. A third has an idle thread of its own and no agent, as
nearly every service has one: a process of one thread has cheaper system calls, and the agent's thread ends that.
"""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Final

from leakdoc.attach.agent_file import with_agent

SECONDS: Final = 40.0
BURST: Final = 100

SERVER: Final = """
import asyncio
async def serve(reader, writer):
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""

SERVICE: Final = """
import asyncio, sys, threading, time
from aiohttp import web
port = int(sys.argv[1])
if sys.argv[2] == "threads":
    threading.Thread(target=threading.Event().wait, daemon=True).start()
async def charge(request):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"charge\\n")
    answer = await reader.readline()
    writer.close()
    return web.Response(text=answer.decode())
async def used(request):
    return web.Response(text=str(time.process_time()))
async def main():
    app = web.Application()
    app.router.add_get("/", charge)
    app.router.add_get("/used", used)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


class Service:
    """One of the two, and the processor time of each of its bursts."""

    def __init__(self, stack: ExitStack, port: str, environment: dict[str, str], threads: str) -> None:
        command = [sys.executable, "-c", SERVICE, port, threads]
        self.process = stack.enter_context(
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        )
        stack.callback(self.process.kill)
        assert self.process.stdout is not None
        self._client = http.client.HTTPConnection("127.0.0.1", int(self.process.stdout.readline()))
        self.bursts_s: list[float] = []

    def burst(self) -> None:
        """Serve a burst, over one connection that is kept."""
        before = float(self._get("/used"))
        for _ in range(BURST):
            self._get("/")
        self.bursts_s.append(float(self._get("/used")) - before)

    def _get(self, path: str) -> bytes:
        self._client.request("GET", path)
        return self._client.getresponse().read()


def main(seconds: float) -> int:
    """Let the two take turns, and print what the agent adds."""
    with ExitStack() as stack:
        command = [sys.executable, "-c", SERVER]
        server = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        stack.callback(server.kill)
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        plain, threaded = (Service(stack, port, dict(os.environ), threads) for threads in ("alone", "threads"))
        watched = Service(stack, port, with_agent(os.environ), "threads")
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            for service in (plain, threaded, watched):
                service.burst()
    told("beside a service of several threads", threaded.bursts_s[2:], watched.bursts_s[2:])
    told("beside a service of one thread", plain.bursts_s[2:], watched.bursts_s[2:])
    return 0


def told(beside: str, plain_s: list[float], watched_s: list[float]) -> None:
    """Print the ratio of processor times, pair by pair."""
    ratios = [with_it / without for without, with_it in zip(plain_s, watched_s, strict=True)]
    added_s = (statistics.median(watched_s) - statistics.median(plain_s)) / BURST
    quartiles = ", ".join(f"{each:.3f}" for each in statistics.quantiles(ratios, n=4))
    print(
        f"{beside}: {len(ratios)} pairs of {BURST} requests: processor time with the agent is "
        f"{statistics.median(ratios):.3f} of that without (quartiles {quartiles}); {added_s * 1e6:.1f} µs a request of "
        f"{statistics.median(plain_s) / BURST * 1e6:.0f} µs"
    )


if __name__ == "__main__":
    raise SystemExit(main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))

"""What the agent costs a service that opens a connection for each request, beside the same service without it.

Run: ``python -m benchmarks.agent_overhead [ROUNDS]``. Two aiohttp services, one with the agent and one without, take
turns: a client of each asks for bursts of requests, so that both meet the same machine. Each request opens a connection
to a server on this machine, sends a line, reads one and closes. A third has an idle thread of its own and no agent, as
nearly every service has one: a process of one thread has cheaper system calls, and the agent's thread ends that.
Each round starts all three anew.
"""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
from contextlib import ExitStack
from typing import Final, NamedTuple

from leakdoc.attach.agent_file import with_agent

ROUNDS: Final = 12  # services that were started anew: a process has a speed of its own, by where its memory lies
BURSTS: Final = 20
WARM: Final = 3
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
    """One of the three, and the processor time of each of its bursts."""

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

    def request_s(self) -> float:
        """Return the processor time of a request: the median burst's, those of the start left out."""
        return statistics.median(self.bursts_s[WARM:]) / BURST

    def _get(self, path: str) -> bytes:
        self._client.request("GET", path)
        return self._client.getresponse().read()


class Round(NamedTuple):
    """The processor time of a request in each of three services that were started together."""

    alone_s: float
    threaded_s: float
    watched_s: float


def main(rounds: int) -> int:
    """Let the three take turns, again and again in other processes, and print what the agent adds."""
    with ExitStack() as stack:
        server = stack.enter_context(
            subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
        )
        stack.callback(server.kill)
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        found = [one_round(port, number) for number in range(rounds)]
    told("beside a service of several threads", [(each.threaded_s, each.watched_s) for each in found])
    told("beside a service of one thread", [(each.alone_s, each.watched_s) for each in found])
    told("a second thread alone, without the agent", [(each.alone_s, each.threaded_s) for each in found])
    return 0


def one_round(port: str, number: int) -> Round:
    """Start the three, in another order each time, and let them take turns."""
    starts = [(dict(os.environ), "alone"), (dict(os.environ), "threads"), (with_agent(os.environ), "threads")]
    order = [(number + place) % 3 for place in range(3)]
    with ExitStack() as stack:
        services = {place: Service(stack, port, *starts[place]) for place in order}
        for _ in range(WARM + BURSTS):
            for place in order:
                services[place].burst()
        return Round(*(services[place].request_s() for place in range(3)))


def told(what: str, pairs: list[tuple[float, float]]) -> None:
    """Print the ratio of processor times, pair by pair: a pair is two services of one round."""
    ratios = [with_it / without for without, with_it in pairs]
    added_s = statistics.median(with_it - without for without, with_it in pairs)
    low, middle, high = statistics.quantiles(ratios, n=4)
    print(
        f"{what}: {len(pairs)} pairs of services, {BURSTS} bursts of {BURST} requests each: {middle:.3f} of its "
        f"processor time (quartiles {low:.3f} to {high:.3f}); {added_s * 1e6:+.1f} µs a request of "
        f"{statistics.median(without for without, _ in pairs) * 1e6:.0f} µs"
    )


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))

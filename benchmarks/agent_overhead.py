"""What the agent costs a service that opens a connection for each request, beside the same service without it.

Run: ``python -m benchmarks.agent_overhead [ROUNDS]``. Two aiohttp services take turns: a client of each asks for bursts
of requests, so that both meet the same machine. Each request opens a connection to a server on this machine, sends a
line, reads one and closes. After half of the bursts the agent is started in one of them. A process has a speed of its
own, by where its memory lies (to import anything shifts it by a tenth); so both import the agent, what counts is by
how much the ratio of the two changes then, and each round starts both anew. Both have an idle thread, as nearly every
service has: a process of one thread has cheaper system calls, and the agent's thread ends that, which `alone` as an
argument shows. `hook` as an argument tells instead what share of the service's processor time is spent inside the audit
hook, by a clock around it: that holds on a machine that is too busy for the other. Garbage is collected between the
bursts: when it is depends on all that a process has ever imported, and is worth more than what is measured here.
"""

from __future__ import annotations

import http.client
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

ROUNDS: Final = 12
BURSTS: Final = 25
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
import asyncio, gc, sys, threading, time
from aiohttp import web
from leakdoc import agent as leakdoc_agent
gc.disable()
port = int(sys.argv[1])
if sys.argv[2] == "threads":
    threading.Thread(target=threading.Event().wait, daemon=True).start()
async def charge(request):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"charge\\n")
    answer = await reader.readline()
    writer.close()
    return web.Response(text=answer.decode())
spent = [0, 0]
def timed(event, arguments, clock=time.perf_counter_ns):
    began = clock()
    heard(event, arguments)
    spent[0] += clock() - began
    spent[1] += 1
async def hook(request):
    global heard
    if not hasattr(leakdoc_agent, "_timed"):
        heard = type(timed)(leakdoc_agent._hear.__code__, vars(leakdoc_agent))
        leakdoc_agent._timed = timed
        leakdoc_agent._hear.__code__ = (lambda event, arguments: _timed(event, arguments)).__code__
    return web.Response(text="%d %d" % tuple(spent))
async def used(request):
    gc.collect()
    return web.Response(text=str(time.process_time()))
async def agent(request):
    return web.Response(text=leakdoc_agent.start())
async def main():
    app = web.Application()
    app.router.add_get("/", charge)
    app.router.add_get("/used", used)
    app.router.add_get("/agent", agent)
    app.router.add_get("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


class Service:
    """One of the two."""

    def __init__(self, stack: ExitStack, port: str, threads: str) -> None:
        program = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "service.py"
        program.write_text(SERVICE)  # a file, as programs are: whose code it is is told by that
        command = [sys.executable, str(program), port, threads]
        process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        stack.callback(process.kill)
        assert process.stdout is not None
        self._client = http.client.HTTPConnection("127.0.0.1", int(process.stdout.readline()))

    def burst_s(self) -> float:
        """Serve a burst over one connection that is kept, and return the processor time that it took."""
        before = float(self.get("/used"))
        for _ in range(BURST):
            self.get("/")
        return float(self.get("/used")) - before

    def get(self, path: str) -> bytes:
        """Ask for a page."""
        self._client.request("GET", path)
        return self._client.getresponse().read()


class Round(NamedTuple):
    """One pair of services.

    Args:
        ratio: by how much that of their processor times changed when one had the agent.
        request_s: the processor time of a request without it.
    """

    ratio: float
    request_s: float


@contextmanager
def answering_server() -> Iterator[str]:
    """Run what the services connect to, and tell its port."""
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def main(rounds: int, threads: str) -> int:
    """Let pairs take turns, each in processes of its own, and print what the agent adds."""
    if threads == "hook":
        return inside_the_hook(rounds)
    with answering_server() as port:
        found = [one_round(port, threads) for _ in range(rounds)]
    low, middle, high = statistics.quantiles([each.ratio for each in found], n=4)
    request_s = statistics.median(each.request_s for each in found)
    print(
        f"{rounds} pairs of services ({threads}), {2 * BURSTS} bursts of {BURST} requests each: with the agent "
        f"{middle:.3f} of the processor time without (quartiles {low:.3f} to {high:.3f}); "
        f"{(middle - 1) * request_s * 1e6:+.1f} µs a request of {request_s * 1e6:.0f} µs"
    )
    return 0


def inside_the_hook(rounds: int) -> int:
    """Print what share of a service's processor time is spent inside the hook, the clock around it included."""
    found = []
    with answering_server() as port:
        for _ in range(rounds):
            with ExitStack() as each:
                service = Service(each, port, "threads")
                service.get("/agent")
                service.get("/hook")
                for _ in range(WARM):
                    service.burst_s()
                before = service.get("/hook").split()
                used_s = sum(service.burst_s() for _ in range(BURSTS))
                spent_ns, heard = (int(b) - int(a) for a, b in zip(before, service.get("/hook").split(), strict=True))
                found.append((spent_ns / 1e9 / used_s, spent_ns / 1e3 / BURSTS / BURST, heard / BURSTS / BURST))
    share, each_us, events = (statistics.median(values) for values in zip(*found, strict=True))
    print(
        f"{rounds} services, {BURSTS} bursts of {BURST} requests each: {100 * share:.2f} % of the processor time is "
        f"spent inside the hook: {each_us:.1f} µs a request, in which it hears {events:.1f} events"
    )
    return 0


def one_round(port: str, threads: str) -> Round:
    """Start two, and the agent in one of them half-way."""
    with ExitStack() as stack:
        watched, other = (Service(stack, port, threads) for _ in range(2))
        before = [(watched.burst_s(), other.burst_s()) for _ in range(WARM + BURSTS)][WARM:]
        watched.get("/agent")
        after = [(watched.burst_s(), other.burst_s()) for _ in range(WARM + BURSTS)][WARM:]
    changed = _ratio(after) / _ratio(before)
    return Round(changed, statistics.median(each for pair in before for each in pair) / BURST)


def _ratio(pairs: list[tuple[float, float]]) -> float:
    return statistics.median(one / other for one, other in pairs)


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[1:] if each.isdigit()]
    chosen = next((each for each in sys.argv[1:] if each in ("alone", "hook")), "threads")
    raise SystemExit(main(numbers[0] if numbers else ROUNDS, chosen))

"""Targets by port, name, control group, unit and container; and trees of processes, on real ones."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

import leakdoc
from leakdoc.errors import TargetGone, UsageError
from leakdoc.model.sample import Column, Sample
from leakdoc.model.subject import SubjectKind
from leakdoc.sampling.crew.sampler import CrewSampler
from leakdoc.sampling.samplers import sampler_of
from leakdoc.sampling.target import resolve, resolve_process
from tests.integration.conftest import PROGRAMS, Start
from tests.program import Program

PATIENCE_S = 60.0
PAUSE = threading.Event()  # never set
RSS, PROCESSES = Column("rss_bytes"), Column("total_processes")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        PAUSE.wait(0.02)


@pytest.fixture
def server() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A prefork server of three workers, and its port."""
    with prefork(3) as started:
        yield started


@contextmanager
def prefork(workers: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [sys.executable, str(PROGRAMS / "prefork.py"), str(workers)]
    process = Program(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.line() == "ready\n"
        yield process, int(process.line())
    finally:
        process.stop()


def crew(text: str, *, children: bool = False) -> CrewSampler:
    sampler = sampler_of(resolve(text, children=children))
    assert isinstance(sampler, CrewSampler)
    return sampler


def grow(port: int) -> int:
    """Let one worker take a MiB; return which."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"x")
        return int(connection.recv(32))


def pids(samples: tuple[Sample, ...]) -> set[int]:
    return {sample.process.pid for sample in samples}


def test_a_port_that_a_family_shares_is_the_whole_family(server: tuple[subprocess.Popen[str], int]) -> None:
    process, port = server
    target = resolve(f":{port}")
    assert (target.pid, target.subject.kind, target.subject.name) == (process.pid, SubjectKind.TREE, "prefork")
    samples = crew(f":{port}").sample_all()
    assert len({sample.at for sample in samples}) == 1
    assert samples[0].process.pid == process.pid
    assert samples[0].values[PROCESSES] == len(samples) == 4
    together = samples[0].values[Column("total_rss_bytes")]
    assert together == sum(sample.values[RSS] for sample in samples)
    with pytest.raises(UsageError, match="fits 4") as several:
        resolve_process(f":{port}")
    assert all(str(pid) in (several.value.help or "") for pid in pids(samples))


def test_a_port_of_one_process_is_that_process(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        target = resolve(f":{listening.getsockname()[1]}")
    assert (target.pid, target.crew) == (os.getpid(), None)


def test_growth_is_seen_in_the_worker_that_grows(server: tuple[subprocess.Popen[str], int]) -> None:
    process, port = server
    sampler = crew(str(process.pid), children=True)
    before = {sample.process.pid: sample.values[RSS] for sample in sampler.sample_all()}
    served = [grow(port) for _ in range(12)]
    after = {sample.process.pid: sample.values[RSS] for sample in sampler.sample_all()}
    for pid in before:
        assert 0 <= after[pid] - before[pid] - served.count(pid) * 2**20 < 4 * 2**20  # and pages copied on write


def test_a_worker_that_is_replaced_is_a_new_life_of_the_same_subject(
    server: tuple[subprocess.Popen[str], int],
) -> None:
    process, _ = server
    sampler = crew(str(process.pid), children=True)
    before = pids(sampler.sample_all())
    killed = max(before - {process.pid})
    os.kill(killed, signal.SIGKILL)
    until(lambda: len(now := pids(sampler.sample_all())) == 4 and killed not in now)
    assert len(pids(sampler.sample_all()) - before) == 1
    assert any("ended while they were watched: 1 signalled" in note for note in sampler.facts().notes)

    def all_are_looked_at() -> bool:
        sampler.sample_all()
        return not any("not looked at" in spot for spot in sampler.facts().blind_spots)

    until(all_are_looked_at)  # one that starts between two listings is for a moment not


def test_a_family_that_ends_ends_the_watch(server: tuple[subprocess.Popen[str], int]) -> None:
    process, _ = server
    sampler = crew(str(process.pid), children=True)
    sampler.sample_all()
    process.terminate()
    process.wait()

    def is_over() -> bool:
        try:
            sampler.sample_all()
        except TargetGone:
            return True
        return False

    until(is_over)
    assert sampler.ending() is not None


def test_names_that_fit_two_services_list_both() -> None:
    with prefork(1) as (one, _), prefork(1) as (other, _):
        with pytest.raises(UsageError) as several:
            resolve("name:prefork")
        assert several.value.exit_code == 2
        assert all(f"  {each.pid} " in (several.value.help or "") for each in (one, other))
        with pytest.raises(UsageError):
            resolve("name:*")


def test_a_name_finds_a_process_alone_and_with_its_children(start: Start, tmp_path: Path) -> None:
    name = f"{uuid4().hex}-still"  # others run programs of tests/programs meanwhile
    (tmp_path / f"{name}.py").symlink_to(PROGRAMS / "keeps_still.py")
    process = start(tmp_path / f"{name}.py")
    assert (resolve(f"name:{name[:-2]}*").pid, resolve(f"name:{name}").crew) == (process.pid, None)
    assert resolve(f"name:{name}", children=True).crew is not None


def test_more_processes_than_are_read_fully_are_read_for_memory_and_descriptors() -> None:
    with prefork(40) as (process, _):
        sampler = crew(str(process.pid), children=True)
        samples = sampler.sample_all()
        assert len(samples) == 41
        assert all(Column("rss_bytes") in each.values and Column("open_fds") in each.values for each in samples)
        assert sum(Column("threads") in each.values for each in samples) == 1
        assert "all but memory and descriptors of 40 of 41 processes" in sampler.facts().blind_spots
        lightly = next(each.process.pid for each in samples if Column("threads") not in each.values)
        os.kill(lightly, signal.SIGKILL)
        until(lambda: lightly not in pids(sampler.sample_all()))


FORKS = """
import os, signal, sys, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
for _ in range(500):
    if os.fork() == 0:
        time.sleep(0.001 * (os.getpid() % 5))
        os._exit(0)
print("done", flush=True)
sys.stdin.read()
"""


def test_a_fork_bomb_of_short_lived_children_is_survived() -> None:
    command = [sys.executable, "-c", FORKS]
    process = Program(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.line() == "ready\n"
    sampler = crew(str(process.pid), children=True)
    done = threading.Thread(target=process.line)
    done.start()
    while done.is_alive():
        samples = sampler.sample_all()
        assert samples[0].process.pid == process.pid
        assert samples[0].values[PROCESSES] == len(samples)
    until(lambda: len(sampler.sample_all()) == 1)
    process.communicate()


MEMORY_CGROUPS = Path("/sys/fs/cgroup/memory")
needs_a_group = pytest.mark.skipif(
    not os.access(MEMORY_CGROUPS / "cgroup.procs", os.W_OK), reason="only root can make a control group"
)
CONTAINER = f"{os.getpid():064x}"[::-1]


@needs_a_group
@pytest.mark.parametrize(
    ("below", "said"),
    [
        ("leakdoc.slice/shop-{pid}.service", ["unit:shop-{pid}", "unit:shop-{pid}.service"]),
        ("leakdoc-{pid}/a", ["cgroup:/leakdoc-{pid}", "cgroup:leakdoc-{pid}/a", "cgroup:{memory}/leakdoc-{pid}/a"]),
        ("docker/{id}", ["container:{id}", "container:{short}"]),
        ("kubepods.slice/cri-containerd-{id}.scope", ["container:{short}"]),
    ],
)
def test_a_group_is_all_processes_in_it(below: str, said: list[str], start: Start) -> None:
    names = {"pid": os.getpid(), "id": CONTAINER, "short": CONTAINER[:12], "memory": MEMORY_CGROUPS}
    group = MEMORY_CGROUPS / below.format(**names)
    group.mkdir(parents=True)
    try:
        processes = [start("keeps_still.py") for _ in range(2)]
        for process in processes:
            (group / "cgroup.procs").write_text(str(process.pid))
        for text in said:
            target = resolve(text.format(**names))
            assert (target.subject.kind, target.subject.pid) == (SubjectKind.CGROUP, None)
            samples = crew(text.format(**names)).sample_all()
            assert pids(samples) == {process.pid for process in processes}
    finally:
        for process in processes:
            process.end()
        until(lambda: not (group / "cgroup.procs").read_text())
        group.rmdir()
        if not any(each.is_dir() for each in group.parent.iterdir()):
            group.parent.rmdir()


EATS = """
import os, sys
print("ready", flush=True); sys.stdin.readline()
kept = []
while True: kept.append(b"x" * (4 << 20))
"""


@needs_a_group
def test_a_kill_for_want_of_memory_is_told_from_the_counter_while_the_watch_goes_on(start: Start) -> None:
    group = MEMORY_CGROUPS / f"leakdoc-kill-{os.getpid()}"
    group.mkdir()
    (group / "memory.limit_in_bytes").write_text(str(64 << 20))
    still = start("keeps_still.py")
    eater = Program([sys.executable, "-c", EATS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert eater.stdout is not None and eater.stdin is not None
        assert eater.line() == "ready\n"
        for process in (still, eater):
            (group / "cgroup.procs").write_text(str(process.pid))
        seen = threading.Event()

        def hurry(progress: leakdoc.Progress) -> None:
            if not seen.is_set():
                seen.set()
                eater.stdin.write("\n")  # type: ignore[union-attr]
                eater.stdin.flush()  # type: ignore[union-attr]
            if eater.poll() is not None and watch.trace.facts.notes and "killer" in "".join(watch.trace.facts.notes):
                watch.stop()

        watch = leakdoc.Watch(f"cgroup:{group.name}", interval_s=0.1, for_s=60, on_progress=hurry)
        notes = watch.run().trace.facts.notes
        assert "the out-of-memory killer took a process of the control group while it was watched" in "".join(notes)
    finally:
        for process in (still, eater):
            process.end()
        until(lambda: not (group / "cgroup.procs").read_text())
        group.rmdir()


@pytest.mark.parametrize("text", ["name:", ":", "foo:bar", ":0", ":65536", ":http", "", "0", "-1", "1e3", "٤٢"])
def test_what_is_no_target_is_refused_saying_how_one_is_written(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        resolve(text)
    assert refused.value.exit_code == 2
    assert ":PORT" in (refused.value.help or "") or ":8080" in (refused.value.help or "")


@pytest.mark.parametrize(
    "text", ["name:no such process", ":1", "cgroup:/no/such", "unit:no-such", "container:0123456789ab", "container:x"]
)
def test_what_is_not_there_is_gone_and_says_where_to_look(text: str) -> None:
    with pytest.raises(TargetGone) as gone:
        resolve(text)
    assert gone.value.help

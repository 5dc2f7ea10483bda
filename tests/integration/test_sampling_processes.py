"""Real processes, sampled: what they hold, what is refused, and how they end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import leakdoc
from leakdoc.errors import AccessDenied, LeakdocError, TargetError, TargetGone
from leakdoc.model.sample import Column, Reason, Sample
from leakdoc.sampling.cgroups import parse_membership
from leakdoc.sampling.control_group import candidates
from leakdoc.sampling.lifeline import LinuxLifeline
from leakdoc.sampling.procfs import ProcessDirectory
from leakdoc.sampling.sampler import Sampler
from leakdoc.sampling.sockets.proc_net import ProcNetTable
from leakdoc.sampling.sockets.sock_diag import NetlinkTable
from leakdoc.sampling.target import resolve
from tests.program import Program, joined

PATIENCE_S = 60.0
PAUSE = threading.Event()  # never set
RSS = Column("rss_bytes")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@contextmanager
def program(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run Python code that prints `ready`, and goes on when it is written to."""
    with running([sys.executable, "-c", code, *arguments]) as process:
        yield process


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Run a command that prints `ready`."""
    process = Program(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.line() == "ready\n"
        yield process
    finally:
        process.end()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.line() == "ready\n"


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        PAUSE.wait(0.01)


def connections_of(sampler: Sampler) -> Mapping[Column, float]:
    """Sample until the connections are read again: at a high rate they are kept to their share of a core."""
    deadline = time.monotonic() + PATIENCE_S
    while Column("connections") not in (values := sampler.sample().values):
        assert time.monotonic() < deadline, "connections are not read"
        PAUSE.wait(0.01)
    return values


def is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def refusal(pid: int) -> LeakdocError:
    with pytest.raises(LeakdocError) as caught:
        resolve(str(pid))
    return caught.value


WAITS = "import sys; print('ready', flush=True); sys.stdin.read()"


def test_memory_that_a_process_takes_is_seen() -> None:
    code = "import sys\nprint('ready', flush=True); sys.stdin.readline(); kept = b'x' * (64 << 20)\n"
    with program(code + WAITS) as process:
        sampler = Sampler(resolve(str(process.pid)))
        before = sampler.sample().values
        go_on(process)
        after = sampler.sample().values
    for metric in ("rss_bytes", "private_bytes"):
        grown = after[Column(metric)] - before[Column(metric)]
        assert 63 << 20 < grown < 70 << 20
    assert after[Column("shared_bytes")] == after[RSS] - after[Column("private_bytes")]


def test_every_source_of_this_system_is_read() -> None:
    code = (
        "import os, threading\nfor _ in range(3): threading.Thread(target=os.read, args=(0, 1), daemon=True).start()\n"
        "while sum(os.times()[:2]) < 0.05: pass\n"
    )
    with program(code + "os.dup(1); os.dup(1); print('ready', flush=True); threading.Event().wait()") as process:
        sampler = Sampler(resolve(str(process.pid)))
        sample = sampler.sample()
        descriptors = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
    values = {column.text: value for column, value in sample.values.items()}
    assert (values["threads"], values["open_fds"], values["children"], values["connections"]) == (4, descriptors, 0, 0)
    assert values["anon_bytes"] > 1 << 20 and values["file_bytes"] > 1 << 20 and values["swap_bytes"] >= 0
    assert values["heap_mapped_bytes"] >= values["anon_bytes"] / 2
    assert values["cpu_seconds_total"] >= 0.01
    assert values["rss_peak_bytes"] >= values["rss_bytes"] and values["shmem_bytes"] >= 0
    assert values['page_faults_total{kind="minor"}'] > 100 and values['page_faults_total{kind="major"}'] >= 0
    assert sum(value for name, value in values.items() if name.startswith("open_fds{")) == descriptors
    facts = sampler.facts()
    assert facts.open_files_limit is not None and facts.open_files_limit >= descriptors
    assert facts.touched == "nothing (read /proc and netlink)"
    assert not {"rss_bytes", "open_fds", "connections", "children"} & set(facts.unavailable)


def test_an_identity_tells_a_process_from_others() -> None:
    with program(WAITS) as process:
        before = time.time()
        target = resolve(f" {process.pid}\n")
        assert resolve(str(process.pid)) == target
    assert target.identity.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert target.identity.started_at == pytest.approx(before, abs=60)
    assert (target.subject.pid, target.subject.name) == (process.pid, target.name)


def test_a_pid_that_has_been_given_to_another_is_never_read() -> None:
    """The kernel tells starts apart by its clock's ticks; this process began many of them before the other."""
    with program(WAITS) as other:
        stale = resolve(str(other.pid))
        with pytest.raises(TargetGone):
            LinuxLifeline(stale, ProcessDirectory(os.getpid()))


def test_children_are_counted_and_said_not_to_be_looked_at() -> None:
    code = "import subprocess, sys\nkids = [subprocess.Popen(['sleep', '60']) for _ in range(3)]\n"
    ending = "print('ready', flush=True); sys.stdin.read()\nfor kid in kids: kid.kill()"
    with program(code + ending) as process:
        sampler = Sampler(resolve(str(process.pid)))
        assert sampler.sample().values[Column("children")] == 3.0
        assert "children: 3 not looked at" in sampler.facts().blind_spots
        process.communicate()


OPENS = """
import socket, sys
kept = []
def open_more(count):
    for _ in range(count):
        kept.append(socket.create_connection((sys.argv[1], int(sys.argv[2]))))
    print('ready', flush=True)
open_more(5)
sys.stdin.readline(); open_more(2)
sys.stdin.readline(); [each.close() for each in kept[:4]]; print('ready', flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_connections_are_seen_from_either_side(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server, ExitStack() as held:

        def accept(count: int) -> None:
            for _ in range(count):
                held.enter_context(server.accept()[0])

        port = server.getsockname()[1]
        with program(OPENS, host, str(port)) as process:
            theirs, ours = Sampler(resolve(str(process.pid))), Sampler(resolve(str(os.getpid())))
            accept(5)
            peer = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            out = {"direction": "out", "peer": peer, "peer_kind": "tcp"}
            into = {"direction": "in", "peer": f":{port}", "peer_kind": "tcp"}
            first = connections_of(theirs)
            assert first[Column("connections")] == 5.0
            assert first[Column.of("connections", **out, state="ESTABLISHED")] == 5.0
            assert 0.0 <= first[Column.of("connection_idle_max_s", **out)] < PATIENCE_S
            assert connections_of(ours)[Column.of("connections", **into, state="ESTABLISHED")] == 5.0
            go_on(process)
            accept(2)
            second = connections_of(theirs)
            assert second[Column.of("connections", **out, state="ESTABLISHED")] == 7.0
            assert second[Column.of("connections_opened_total", **out)] == 2.0
            go_on(process)
            third = connections_of(theirs)
            assert third[Column.of("connections", **out, state="ESTABLISHED")] == 3.0
            here = connections_of(ours)
            assert here[Column.of("connections", **into, state="CLOSE_WAIT")] == 4.0
            assert here[Column.of("connections", **into, state="ESTABLISHED")] == 3.0


CALLS_ITSELF_POSTGRES = """
import socket, sys
open("/proc/self/comm", "w").write("postgres")
server = socket.create_server(("127.0.0.1", 0))
print("ready", flush=True)
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


def test_a_local_database_is_known_on_whatever_port() -> None:
    with program(CALLS_ITSELF_POSTGRES) as database:
        port = int(database.line())
        with socket.create_connection(("127.0.0.1", port)):
            values = Sampler(resolve(str(os.getpid()))).sample().values
    labels = {"direction": "out", "peer": f"127.0.0.1:{port}", "peer_kind": "postgres"}
    assert values[Column.of("connections", **labels, state="ESTABLISHED")] == 1.0


def test_callers_that_wait_to_be_accepted_are_counted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as held:
        for _ in range(3):
            held.enter_context(socket.create_connection(server.getsockname()))
        values = Sampler(resolve(str(os.getpid()))).sample().values
        labels = {"direction": "in", "peer": f":{server.getsockname()[1]}", "peer_kind": "tcp"}
        assert values[Column.of("connections_waiting", **labels)] == 3.0


ALONE = """
import socket
server = socket.create_server(("10.9.8.7", 6379))
kept = [socket.create_connection(("10.9.8.7", 6379)) for _ in range(2)]
print("ready", flush=True); import sys; sys.stdin.read()
"""
IN_ITS_OWN_NETWORK = "ip link set lo up && ip addr add 10.9.8.7/8 dev lo && exec {} -c '{}'"


@needs_root
def test_connections_in_another_network_namespace_are_seen_with_their_idle_ages() -> None:
    may = subprocess.run(
        ["unshare", "--net", "sh", "-c", IN_ITS_OWN_NETWORK.format("true", "")], capture_output=True, timeout=60
    )
    if may.returncode:
        pytest.skip("this machine allows no network of one's own: unshare --net, ip link")
    command = ["unshare", "--net", "sh", "-c", IN_ITS_OWN_NETWORK.format(sys.executable, ALONE)]
    with running(command) as process:
        directory = ProcessDirectory(process.pid)
        values = Sampler(resolve(str(process.pid))).sample().values
        labels = {"direction": "out", "peer": "10.9.8.7:6379", "peer_kind": "redis"}
        assert values[Column.of("connections", **labels, state="ESTABLISHED")] == 2.0
        assert values[Column.of("connection_idle_max_s", **labels)] < PATIENCE_S
        by_text = {each.remote for each in ProcNetTable(directory).read()}
    assert any(socket.inet_ntoa(remote.address) == "10.9.8.7" for remote in by_text)
    assert not [each for each in NetlinkTable().read() if each.remote.address == socket.inet_aton("10.9.8.7")]


def test_the_text_of_proc_and_netlink_tell_the_same_sockets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        port = server.getsockname()[1]

        def about(sockets: list) -> set[tuple]:  # type: ignore[type-arg]
            ends = [(each.local, each.remote, each.state, each.inode) for each in sockets if each.inode]
            return {each for each in ends if port in (each[0].port, each[1].port)}

        told = about(NetlinkTable().read())
        assert told == about(ProcNetTable(ProcessDirectory(os.getpid())).read())
        assert len(told) == 3
        accepted.close()
        client.close()


def test_an_idle_connection_grows_older_and_a_used_one_does_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()

        def idle() -> float:
            return min(
                each.idle_s or 0.0 for each in NetlinkTable().read() if each.inode == os.fstat(client.fileno()).st_ino
            )

        until(lambda: idle() >= 0.05)
        waited = idle()
        accepted.sendall(b"x")
        until(lambda: idle() < waited)
        accepted.close()
        client.close()


def test_death_ends_the_pause_at_once_and_the_cause_is_known() -> None:
    with program(WAITS) as process:
        sampler = Sampler(resolve(str(process.pid)))
        samples = sampler.iter_samples(3_600.0, threading.Event())
        next(samples)
        killer = threading.Timer(0.05, process.send_signal, (signal.SIGKILL,))
        killer.start()
        with pytest.raises(TargetGone):
            next(samples)
        joined(killer)
        ending = sampler.ending()
        assert ending is not None
        assert (ending.cause, ending.signal) == ("signalled", signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL  # the status was left for the parent to collect
        assert sampler.facts().ending == ending
        assert "rss_bytes" not in sampler.facts().unavailable


def test_death_is_noticed_without_a_pidfd_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(pid: int, flags: int = 0) -> int:
        raise OSError(38, "function not implemented")

    monkeypatch.setattr(os, "pidfd_open", without)
    with program(WAITS) as process:
        sampler = Sampler(resolve(str(process.pid)))
        sampler.sample()
        assert sampler.ending() is None
        process.kill()
        until(lambda: is_zombie(process.pid))
        with pytest.raises(TargetGone):
            sampler.sample()
        ending = sampler.ending()
    assert ending is not None and (ending.cause, ending.signal) == ("signalled", signal.SIGKILL)


def test_a_process_whose_main_thread_has_ended_is_not_taken_for_empty() -> None:
    code = """
import ctypes, platform, threading
threading.Thread(target=threading.Event().wait).start()
number = {"x86_64": 60, "aarch64": 93}[platform.machine()]
print('ready', flush=True)
ctypes.CDLL(None).syscall(number, 0)
"""
    with program(code) as process:
        until(lambda: is_zombie(process.pid))
        sample = Sampler(resolve(str(process.pid))).sample()
    values = {column.metric for column in sample.values}
    for metric in ("rss_bytes", "private_bytes", "open_fds", "heap_mapped_bytes"):
        assert metric not in values
        assert sample.unavailable[metric] == Reason.GONE


def test_stop_ends_the_pause() -> None:
    with program(WAITS) as process:
        stop = threading.Event()
        samples = Sampler(resolve(str(process.pid))).iter_samples(3_600.0, stop)
        next(samples)
        threading.Timer(0.05, stop.set).start()
        assert list(samples) == []


def test_a_status_of_exit_is_told() -> None:
    with program("import sys; print('ready', flush=True); sys.stdin.readline(); sys.exit(3)") as process:
        sampler = Sampler(resolve(str(process.pid)))
        sampler.sample()
        process.communicate("\n")
        ending = sampler.ending()
    assert ending is not None
    assert ending.cause in ("exited", "unknown")  # before Linux 6.15 nobody tells once it has been collected
    assert ending.exit_status in (3, None)


def test_what_cannot_be_a_target_is_refused_in_one_sentence() -> None:
    with program(WAITS) as process:
        pid = process.pid
        process.kill()
        until(lambda: is_zombie(pid))
        zombie = refusal(pid)
        process.wait()
    gone = refusal(pid)
    assert isinstance(zombie, TargetGone) and isinstance(gone, TargetGone)
    assert "is a zombie" in zombie.message and str(os.getpid()) in zombie.message
    assert gone.message == f"there is no process with pid {pid}"
    for each in (zombie, gone):
        assert each.exit_code == 4 and each.help and "\n" not in each.message


def test_a_thread_is_not_a_process() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    assert thread.native_id is not None
    error = refusal(thread.native_id)
    stop.set()
    joined(thread)
    assert isinstance(error, TargetError)
    assert f"is a thread of process {os.getpid()}" in error.message


def test_a_thread_of_the_kernel_has_no_memory_to_watch() -> None:
    kernel_threads = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and (entry / "cmdline").exists() and is_kernel_thread(entry)
    ]
    for pid in kernel_threads[:1]:  # none is visible in a container; the parser's own test covers it there
        assert "has no user memory" in refusal(pid).message


def is_kernel_thread(entry: Path) -> bool:
    return bool(int((entry / "stat").read_text().rpartition(")")[2].split()[6]) & 0x200000)


def as_nobody(action: Callable[[], str]) -> str:
    """Return what an action says when it is done by a user without rights."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(int(PATIENCE_S))  # a fork beside threads may find a lock that nobody gives back
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            os.write(writer, action().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        text = said.read()
    os.waitpid(child, 0)
    return text


@needs_root
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_memory_of_another_user_is_read_and_what_is_refused_is_said() -> None:
    with program(WAITS) as process:

        def look() -> str:
            sample: Sample = Sampler(resolve(str(process.pid))).sample()
            denied = sorted(metric for metric, reason in sample.unavailable.items() if reason == Reason.DENIED)
            return f"{RSS in sample.values} {sorted(each.metric for each in sample.values if each.labels)} {denied}"

        said = as_nobody(look)
    metrics = ["connection_idle_max_s", "connection_idle_median_s", "connection_oldest_s", "connections"]
    denied = [*metrics, "heap_mapped_bytes"]
    assert said.startswith("True ")
    assert all(repr(metric) in said.partition("] ")[2] for metric in denied)
    assert "'connections'" not in said.partition("] ")[0]


@needs_root
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_process_that_proc_hides_is_access_denied_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a mount with hidepid=2 answers for a process that exists, which only a mount of our own could show."""
    with program(WAITS) as process:
        pid = process.pid

        def hidden(self: ProcessDirectory, pid: int) -> None:
            raise FileNotFoundError(f"/proc/{pid}")

        monkeypatch.setattr(ProcessDirectory, "__init__", hidden)

        def look() -> str:
            try:
                resolve(str(pid))
            except AccessDenied as error:
                return str(error)
            return "found"

        said = as_nobody(look)
    assert said.startswith(f"process {pid} belongs to another user")
    assert "sudo" in said


MEMORY_CGROUPS = Path("/sys/fs/cgroup/memory")
needs_a_group = pytest.mark.skipif(
    not os.access(MEMORY_CGROUPS / "cgroup.procs", os.W_OK), reason="only root can make a control group"
)

EATS = """
import os, sys
open(sys.argv[1], 'w').write(str(os.getpid()))
print('ready', flush=True); sys.stdin.readline()
kept = []
while True: kept.append(b'x' * (4 << 20))
"""


@pytest.fixture
def group() -> Iterator[Path]:
    path = MEMORY_CGROUPS / f"leakdoc-test-{os.getpid()}"
    path.mkdir()
    yield path
    until(lambda: not (path / "cgroup.procs").read_text())
    path.rmdir()


@needs_a_group
def test_a_group_reads_the_same_through_the_mounts_of_the_target(group: Path) -> None:
    (group / "memory.limit_in_bytes").write_text(str(64 << 20))
    with program(EATS, str(group / "cgroup.procs")) as process:
        directory = ProcessDirectory(process.pid)
        membership = parse_membership(directory.text("cgroup"))
        assert membership is not None
        ours, theirs = candidates(directory, membership)
        assert ours.exists() and theirs.exists()
        assert ours.limit() == theirs.limit() == 64 << 20
        assert (ours.others({process.pid}), theirs.others({1})) == (0, 1)


@needs_a_group
def test_the_limit_is_known_and_a_victim_of_the_oom_killer_is_called_one(group: Path) -> None:
    (group / "memory.limit_in_bytes").write_text(str(64 << 20))
    with program(EATS, str(group / "cgroup.procs")) as process:
        sampler = Sampler(resolve(str(process.pid)))
        samples = sampler.iter_samples(0.05, threading.Event())
        assert next(samples).values[Column("limit_bytes")] == 64 << 20
        assert sampler.facts().limit_bytes == 64 << 20
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        with pytest.raises(TargetGone):
            for _ in samples:
                pass
        ending = sampler.ending()
    assert ending is not None and ending.cause == "oom_killed"


def test_a_process_that_executes_another_program_is_called_by_its_name(tmp_path: Path) -> None:
    script, file = tmp_path / "starts.py", tmp_path / "execs.leakdoc"
    then = "os.execvp('sh', ['sh', '-c', 'echo ready; read line; exit'])"
    script.write_text(f"import os\nprint('ready', flush=True)\ninput()\n{then}\n", encoding="utf-8")
    with running([sys.executable, str(script)]) as process:
        watch = leakdoc.Watch(process.pid, for_s=None, interval_s=0.05, record=file)
        assert watch.target.name == "starts"
        with watch:
            go_on(process)
        assert watch.result.diagnosis.subject.name == "sh"
    assert leakdoc.diagnose(file).subject.name == "sh"

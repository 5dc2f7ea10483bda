"""A real Prometheus behind TLS that asks for a certificate: who has one is answered, who has none is told why."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from leakdoc.cli.main import main
from leakdoc.errors import SourceError
from leakdoc.sampling.sources.prometheus.access import access_of
from leakdoc.sampling.sources.prometheus.client import Prometheus
from tests.program import Program
from tests.prometheus_server import PATIENCE_S, binary

pytestmark = pytest.mark.xdist_group("prometheus-tls")
WEB = """
tls_server_config:
  cert_file: server.pem
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: client.pem
"""


@dataclass(frozen=True, slots=True)
class Guarded:
    """Where a server is, and the files by which it is reached."""

    url: str
    folder: Path

    def file(self, name: str) -> str:
        return str(self.folder / name)


def certificate(folder: Path, name: str) -> None:
    command = [
        binary("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
        "-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem"),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("tls")
    for name in ("server", "client", "other"):
        certificate(folder, name)
    (folder / "web.yml").write_text(WEB)
    (folder / "prometheus.yml").write_text("")
    for _ in range(5):  # a port that was free may be taken a moment later
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [
            binary("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
            f"--web.config.file={folder}/web.yml", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
        ]  # fmt: skip
        process = Program(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        reached = Guarded(f"https://127.0.0.1:{port}", folder)
        try:
            if answers(reached, process):
                yield reached
                return
        finally:
            process.end()
    pytest.fail("prometheus did not start")


def answers(reached: Guarded, process: subprocess.Popen[bytes]) -> bool:
    """Ask with the right certificate until the server is up."""
    access = access_of(
        reached.url, environment={}, ca_file=reached.file("server.pem"), cert_file=reached.file("client.pem"),
        key_file=reached.file("client.key"),
    )  # fmt: skip
    until = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < until:
        try:
            with Prometheus(access) as prometheus:
                return prometheus.query("vector(7)", time.time()) == [({}, 7.0)]
        except SourceError:
            time.sleep(0.1)
    return False


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ca": "server.pem", "cert": "client.pem", "key": "client.key"}, "no metric that leakdoc knows"),
        ({"cert": "client.pem", "key": "client.key"}, "does not identify itself as expected"),
        ({"ca": "server.pem"}, "--prometheus-cert"),
        ({"ca": "server.pem", "cert": "other.pem", "key": "other.key"}, "--prometheus-cert"),
        ({"ca": "server.pem", "cert": "client.pem", "key": "other.key"}, "--prometheus-cert"),
        ({"ca": "server.key"}, "--prometheus-ca"),
    ],
)
def test_certificates_open_the_door_or_are_said_not_to(
    options: dict[str, str], said: str, guarded: Guarded, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word for name, file in options.items() for word in (f"--prometheus-{name}", guarded.file(file))]
    assert main(["scan", "--prometheus", guarded.url, *words]) == 4
    told = capsys.readouterr()
    assert said in told.out + told.err
    assert "Traceback" not in told.err and "internal" not in told.err
    assert "PRIVATE" not in told.out + told.err

"""A real MariaDB of its own while a test needs it: Debian's server, on a free port, with nothing of the machine's."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.program import Program

PATIENCE_S: Final = 60.0
UNPACKED: Final = Path(sys.prefix) / "servers"
BOOTSTRAP: Final = ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql")


def mariadbd() -> str | None:
    """Return where the server is: the machine's, or one that was unpacked; null where there is none."""
    beside = UNPACKED / "usr" / "sbin" / "mariadbd"
    return (
        shutil.which("mariadbd")
        or ("/usr/sbin/mariadbd" if Path("/usr/sbin/mariadbd").exists() else None)
        or (str(beside) if beside.exists() else None)
    )


@contextlib.contextmanager
def serving_mariadb() -> Iterator[int]:
    """Run one, whose user ``app`` has the password ``app`` and all rights, and yield its port.

    Raises:
        FileNotFoundError: there is no server to run.
    """
    server = mariadbd()
    if server is None:
        raise FileNotFoundError("no MariaDB here: apt-get install -y mariadb-server-core")
    with tempfile.TemporaryDirectory(prefix="mariadb-") as folder:
        options = _options(server, Path(folder))
        _fill(options, server, Path(folder))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [*options, f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"]
        with Program(command, env=_environment(), stderr=subprocess.DEVNULL) as process:
            try:
                _await(process, port)
                yield port
            finally:
                process.kill()


def _options(server: str, folder: Path) -> list[str]:
    """Return the command of a small server whose files are all in one folder."""
    share = Path(server).parents[1] / "share" / "mysql"
    return [
        server, "--no-defaults", f"--datadir={folder}/data", f"--lc-messages-dir={share}", f"--socket={folder}/socket",
        f"--pid-file={folder}/pid", "--innodb-buffer-pool-size=8M", "--innodb-log-file-size=4M",
        "--performance-schema=OFF", "--innodb-flush-method=fsync", "--max-connections=400",
        *(["--user=root"] if os.geteuid() == 0 else []),
    ]  # fmt: skip


def _fill(options: list[str], server: str, folder: Path) -> None:
    """Make the system's tables, and a user."""
    (folder / "data" / "mysql").mkdir(parents=True)
    share = Path(server).parents[1] / "share" / "mysql"
    text = "CREATE DATABASE IF NOT EXISTS app;\nUSE mysql;\n" + "".join(
        (share / each).read_text() for each in BOOTSTRAP
    )
    text += "FLUSH PRIVILEGES;\nCREATE USER app@'%' IDENTIFIED BY 'app';\nGRANT ALL ON *.* TO app@'%';\n"
    command = [*options, "--bootstrap", "--skip-networking"]
    subprocess.run(command, input=text, text=True, check=True, capture_output=True, env=_environment(), timeout=120)


def _environment() -> dict[str, str]:
    """Return an environment in which a server that was unpacked finds the libraries that were unpacked with it."""
    libraries = [str(each.parent) for each in UNPACKED.glob("usr/lib/*/libaio.so.1")]
    libraries += [str(each.parent) for each in UNPACKED.glob("lib/*/libaio.so.1")]
    return dict(os.environ) | ({"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {})


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            if connection.recv(1):
                return
        time.sleep(0.1)
    raise TimeoutError(f"MariaDB did not begin to serve (exit {process.poll()})")

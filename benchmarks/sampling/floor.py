"""The C floor, compiled on the spot where there is a compiler."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("floor.c")


@contextmanager
def compiled() -> Iterator[str | None]:
    """Give the path of the program; null without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        print("no C compiler: figures against the floor are left out (apt-get install gcc)")
        yield None
        return
    with tempfile.TemporaryDirectory() as directory:
        program = str(Path(directory) / "floor")
        subprocess.run([compiler, "-O2", "-o", program, str(SOURCE)], check=True)
        yield program


@contextmanager
def running(program: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Start it, and wait until it is ready; its input ends with the block."""
    command = [program, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()

"""What an import may load: a list of modules that may not be there, never a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


HEAVY = ("numpy", "pandas", "pydantic", "matplotlib", "memray", "scipy", "requests", "prometheus_api_client", "pyarrow")

ONLY_STANDARD_LIBRARY = "import sys, leakdoc; print('\\n'.join(sys.modules))"


def loaded_by(code: str, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_leakdoc_loads_the_standard_library_only() -> None:
    bare = loaded_by("import sys; print('\\n'.join(sys.modules))")
    new = loaded_by(ONLY_STANDARD_LIBRARY) - bare
    assert new - set(sys.stdlib_module_names) == {"leakdoc"}


def test_the_command_line_loads_nothing_heavy_for_help() -> None:
    code = "import sys\nfrom leakdoc.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass\nprint('\\n'.join(sys.modules))"
    assert not loaded_by(code) & {*HEAVY, "psutil", "sqlite3"}


def test_a_watch_loads_nothing_heavy_before_its_first_look(tmp_path: Path) -> None:
    code = (
        "import os, sys, threading\n"
        "from leakdoc.sampling.sampler import Sampler\n"
        "from leakdoc.sampling.target import resolve\n"
        "from leakdoc.sampling.recording import RecordingWriter\n"
        "from leakdoc.sampling.trace_builder import TraceBuilder\n"
        "import leakdoc.detection.watch, leakdoc.cli.watch\n"
        "target = resolve(str(os.getpid()))\n"
        "with RecordingWriter(sys.argv[1], target.subject) as writer: writer.append(Sampler(target).sample())\n"
        "print('\\n'.join(sys.modules))"
    )
    assert not loaded_by(code, str(tmp_path / "r.leakdoc")) & set(HEAVY)


def test_a_whole_watch_needs_neither_pandas_nor_pydantic_nor_memray() -> None:
    code = (
        "import os, sys\n"
        "import leakdoc\n"
        "leakdoc.watch(os.getpid(), for_s=0.5, interval_s=0.01)\n"
        "print('\\n'.join(sys.modules))"
    )
    assert not loaded_by(code) & (set(HEAVY) - {"numpy"})

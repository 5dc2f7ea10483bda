"""What an import may load: a list of modules that may not be there, never a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = (
    "numpy",
    "pandas",
    "pydantic",
    "matplotlib",
    "memray",
    "scipy",
    "requests",
    "prometheus_api_client",
    "prometheus_client",
    "pyarrow",
)

HELP = """
import sys
from leakdoc.cli.main import main
try:
    main(["--help"])
except SystemExit:
    pass
print("\\n".join(sys.modules))
"""

FIRST_SAMPLE = """
import os, sys
import leakdoc.cli.watch
from leakdoc.detection.watch import Watch
def told(progress):
    print("\\n".join(sys.modules), flush=True)
    os._exit(0)
Watch(os.getpid(), record=sys.argv[1], on_progress=told).run()
"""

WHOLE_WATCH = """
import os, sys
import leakdoc
leakdoc.watch(os.getpid(), for_s=0.5, interval_s=0.01)
print("\\n".join(sys.modules))
"""


def loaded_by(code: str, *arguments: str) -> set[str]:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_leakdoc_loads_the_standard_library_only() -> None:
    bare = loaded_by("import sys; print('\\n'.join(sys.modules))")
    new = loaded_by("import sys, leakdoc; print('\\n'.join(sys.modules))") - bare
    assert new - set(sys.stdlib_module_names) == {"leakdoc"}


def test_the_command_line_loads_nothing_heavy_for_help() -> None:
    assert not loaded_by(HELP) & {*HEAVY, "psutil", "sqlite3"}


def test_a_watch_loads_nothing_heavy_before_its_first_look(tmp_path: Path) -> None:
    assert not loaded_by(FIRST_SAMPLE, str(tmp_path / "r.leakdoc")) & set(HEAVY)


def test_a_whole_watch_needs_numpy_alone() -> None:
    assert loaded_by(WHOLE_WATCH) & set(HEAVY) == {"numpy"}


def test_until_ctrl_c_is_heard_next_to_nothing_is_loaded() -> None:
    code = "import sys; before = set(sys.modules); {}; print('\\n'.join(sys.modules.keys() - before))"
    command = [sys.executable, "-c", code.format("import leakdoc.cli.main")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert set(done.stdout.split()) <= {"leakdoc", "leakdoc.cli", "leakdoc.cli.main", "__future__"}

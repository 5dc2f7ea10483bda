"""How long leakdoc takes to start, beside a bare interpreter and the import of pandas, in turns in one run.

Both from bytecode, as pip installs them: a checkout is compiled first, which it may not be by itself
(`PYTHONDONTWRITEBYTECODE`).
"""

from __future__ import annotations

import compileall
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import leakdoc

ROUNDS: Final = 15

TO_FIRST_SAMPLE: Final = """
import os, sys
from leakdoc.cli.parser import parse
args = parse(["watch", sys.argv[1], "--quiet"])
from leakdoc.detection.watch import Watch
Watch(args.target, on_progress=lambda progress: os._exit(0)).run()
"""

COMMANDS: Final = {
    "python -c pass": ["-c", "pass"],
    "leakdoc --version": ["-m", "leakdoc", "--version"],
    "watch, to first sample": ["-c", TO_FIRST_SAMPLE, str(os.getpid())],
    "leakdoc watch --for 0s": ["-m", "leakdoc", "watch", str(os.getpid()), "--for", "0s", "--quiet"],
    "python -c 'import pandas'": ["-c", "import pandas"],
}


def main() -> None:
    """Print the median of each and its ratio to the bare interpreter."""
    compileall.compile_dir(Path(leakdoc.__file__).parent, quiet=2)
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, arguments in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *arguments], capture_output=True, check=False)
            taken[name].append(time.perf_counter() - started)
    bare = statistics.median(taken["python -c pass"])
    print(f"start-up, median of {ROUNDS} in turns")
    for name, times in taken.items():
        median = statistics.median(times)
        spread = f"{1e3 * min(times):.1f} to {1e3 * max(times):.1f}"
        print(f"  {name:<26} {1e3 * median:7.1f} ms  {median / bare:5.1f}x  ({spread})")
    pairs = zip(taken["python -c 'import pandas'"], taken["watch, to first sample"], strict=True)
    ratios = sorted(pandas / ours for pandas, ours in pairs)
    middle, spread = statistics.median(ratios), f"{ratios[0]:.1f} to {ratios[-1]:.1f}"
    print(f"  import pandas takes {middle:.1f} times as long as a watch to its first sample ({spread}; target >= 5)")


if __name__ == "__main__":
    main()

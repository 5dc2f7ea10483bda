"""What `leakdoc watch --quiet --record` takes of memory: before its first look, after it, and for ever."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.sampling.figures import tell

# A watch of this very process's parent, on a clock that does not wait, so that a million samples take minutes.
WATCH = """
import sys
from leakdoc.cli.parser import parse
args = parse(["watch", sys.argv[1], "--quiet", "--until-stopped", "--record", sys.argv[2]])
from leakdoc.detection.watch import Watch
from leakdoc.sampling.plan import Plan
from leakdoc.sampling.sampler import Sampler
from leakdoc.sampling.samplers import sampler_of
from leakdoc.sampling.target import resolve
marks, samples = [int(each) for each in sys.argv[3].split(",")], 0
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
def told(progress):
    global samples
    samples += 1
    if samples in marks:
        print(samples, resident(), flush=True)
    if samples >= marks[-1]:
        watch.stop()
class Hurried:
    def now(self): return 1.7e9 + samples
    def monotonic(self): return float(samples)
    def wait(self, seconds, wake, *, readable=None): return wake.is_set()
from leakdoc.cli.own_memory import given_back_after_looks
watch = Watch(Sampler(resolve(args.target), clock=Hurried()), interval_s=1.0, for_s=None, record=args.record,
              stop_when_decided=False, on_progress=given_back_after_looks(told))
watch.run()
"""


def compare_footprint(samples: int) -> None:
    """Print the resident size at the marks."""
    marks = [29, 31, 1_000, *(samples // part for part in (100, 10, 2, 1) if samples // part > 1_000)]
    with tempfile.TemporaryDirectory() as directory:
        told = subprocess.run(
            [sys.executable, "-c", WATCH, str(os.getpid()), str(Path(directory) / "r"), ",".join(map(str, marks))],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        size = (Path(directory) / "r").stat().st_size
    sizes = {int(line.split()[0]): float(line.split()[1]) for line in told.splitlines()}
    tell("watch --quiet --record, resident before its first look", f"{sizes[29]:7.1f} MB", "<= 28 MB")
    tell("watch --quiet --record, resident after it", f"{sizes[31]:7.1f} MB", "<= 45 MB")
    for mark in marks[2:]:
        tell(f"  after {mark:,} samples", f"{sizes[mark]:7.1f} MB", "flat")
    tell(f"  the recording of {samples:,} samples", f"{size / 1e6:7.1f} MB", "-")

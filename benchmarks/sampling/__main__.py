"""What sampling costs, beside psutil and a C floor, in one run on one machine. Read the ratios: machines are noisy.

Run: ``python -m benchmarks.sampling [PART…] [--sockets N] [--samples N]``
"""

from __future__ import annotations

import argparse

from benchmarks.sampling.fleet import compare_fleet
from benchmarks.sampling.footprint import compare_footprint
from benchmarks.sampling.one import compare_descriptors, compare_memory
from benchmarks.sampling.sockets import compare_sockets
from benchmarks.sampling.stall import compare_stall

PARTS = ("memory", "fleet", "descriptors", "sockets", "stall", "footprint")


def main() -> None:
    """Print every figure, or those of the parts that are named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sampling")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--sockets", type=int, default=19_000, help="more than 1,000 may need a higher ulimit -n")
    parser.add_argument("--stall-mib", type=int, default=4_096, help="the size of the target that is stalled")
    parser.add_argument("--samples", type=int, default=100_000, help="of the footprint; 1,000,000 take minutes")
    args = parser.parse_args()
    jobs = {
        "memory": compare_memory,
        "fleet": compare_fleet,
        "descriptors": lambda: compare_descriptors(args.sockets),
        "sockets": lambda: compare_sockets(args.sockets),
        "stall": lambda: compare_stall(args.stall_mib),
        "footprint": lambda: compare_footprint(args.samples),
    }
    print("Medians of rounds in turns, with the spread over rounds; processor time unless said otherwise.")
    for name in args.parts or PARTS:
        jobs[name]()


if __name__ == "__main__":
    main()

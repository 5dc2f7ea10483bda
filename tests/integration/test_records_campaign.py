"""A record of 100 MB, and twenty hash seeds with every order of three records: ``make soak``."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.records_scenes import did, leak, record

MEGABYTES = 100
SECRET = "kx9Zq-w41PerT"
ABOVE_A_SMALL_RECORD = 100  # MB; a record that is held whole takes several times its size

pytestmark = pytest.mark.soak

# The peak is VmHWM, of this program alone: ru_maxrss begins with that of the process it was started from.
EXTRACT = """
import re, sys
from pathlib import Path
from leakdoc.cli.main import main
code = main(["playbook", "extract", sys.argv[1], "-o", sys.argv[2]])
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
sys.exit(code)
"""


def logs(seeded: random.Random, number: int) -> str:
    lines = (
        f"2026-03-10T09:{number % 60:02d}:{at % 60:02d} INFO request id={seeded.getrandbits(64):x} path=/v1/ledger "
        f"user={at} took {at % 97}ms status=200 token_count={at} trace={seeded.getrandbits(128):032x}"
        for at in range(400 + number * 911 % 2_400)  # of many lengths, so that what one leaves does not fit the next
    )
    return "\n".join([*lines, f"DB_PASSWORD={SECRET}" if number % 50 == 0 else f"dsn holds {SECRET}"])


def long_record(megabytes: int) -> Iterator[dict[str, Any]]:
    seeded, written, lines = random.Random(1), 0, leak()
    yield from lines[:6]
    for number in itertools.count():
        if written >= megabytes * 1_000_000:
            break
        call = did(f"kubectl -n prod logs deploy/payments --since={number}m", logs(seeded, number))
        written += sum(len(json.dumps(line)) for line in call)
        yield from call
    yield from lines[6:]


def peak_mb(path: Path, out: Path) -> int:
    done = subprocess.run(
        [sys.executable, "-c", EXTRACT, path, out], capture_output=True, text=True, check=True, timeout=300
    )
    return int(done.stdout.splitlines()[-1])


def test_a_record_of_100_mb_is_streamed(tmp_path: Path) -> None:
    small, large = tmp_path / "small.yaml", tmp_path / "large.yaml"
    base = peak_mb(record(tmp_path, leak(), "incident.jsonl"), small)
    path = record(tmp_path, long_record(MEGABYTES), "incident-long.jsonl")
    assert path.stat().st_size >= MEGABYTES * 1_000_000
    peak = peak_mb(path, large)
    text = large.read_text(encoding="utf-8")
    assert SECRET not in text and "uses: leakdoc.verify_normalized" in text
    assert peak - base < ABOVE_A_SMALL_RECORD, f"{peak} MB, {base} MB of a small record"


def test_twenty_hash_seeds_and_every_order_give_the_same_bytes(tmp_path: Path) -> None:
    names = [("payments", "psycopg"), ("billing", "asyncmy"), ("orders", "psycopg")]
    paths = [record(tmp_path, leak(service=name, driver=driver), f"{name}.jsonl") for name, driver in names]
    orders = itertools.cycle(itertools.permutations(paths))
    texts = set()
    for seed, order in zip(range(20), orders, strict=False):
        out = tmp_path / f"{seed}.yaml"
        command = [sys.executable, "-m", "leakdoc", "playbook", "extract", *map(str, order), "-o", str(out)]
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": str(seed)}, check=True, capture_output=True, timeout=300
        )
        texts.add(out.read_bytes())
    assert len(texts) == 1

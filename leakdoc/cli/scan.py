"""``leakdoc scan PATH`` and ``leakdoc scan --prometheus URL``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from leakdoc.cli.exit_codes import ANSWERED, COULD_NOT, FAULT, UNDECIDED
from leakdoc.cli.options import add_json, add_judging, policies_of
from leakdoc.cli.output import print_lines, tell
from leakdoc.cli.prometheus_options import add_prometheus, fleet_of, prometheus_of, source_of
from leakdoc.errors import UsageError
from leakdoc.model.decision import Decision
from leakdoc.redact import inert

NAMES_ONE = frozenset({"LEAKDOC_PROMETHEUS_URL", "LEAKDOC_PROMETHEUS_CONFIG"})  # of environment variables

if TYPE_CHECKING:
    from leakdoc.model.scan import Scan


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "A folder is read recursively and in order: recordings, *.csv and *.parquet, one\n"
        "subject a file, its pids being the workers of that subject. Of a Prometheus\n"
        "every workload is judged, the ones that are killed soonest first.\n"
        "Exit code 1 if any subject has a fault; 4 if nothing could be judged; 3 if more\n"
        "than --max-inconclusive were inconclusive or skipped; else 0.\n\n"
        "examples:\n"
        "  leakdoc scan recordings/\n"
        "  leakdoc scan recordings/ --csv > verdicts.csv\n"
        "  leakdoc scan --prometheus http://localhost:9090 --since 3d --top 10\n"
        "  leakdoc scan --prometheus http://localhost:9090 --match 'namespace=\"shop\"'"
    )
    parser.add_argument("path", metavar="PATH", nargs="?", help="a folder of recordings, CSV and Parquet files")
    parser.add_argument("--load", metavar="COLUMN", help="the column that counts requests (default: requests_total)")
    parser.add_argument("--top", type=_count, metavar="N", help="show the N most urgent subjects only")
    parser.add_argument(
        "--max-inconclusive", type=_share, default=0.2, metavar="SHARE",
        help="exit 3 if more than this was inconclusive or skipped (default: 20%%)",
    )  # fmt: skip
    add_judging(parser)
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument("--csv", action="store_true", help="print the answer as CSV, a row a subject")
    parser.add_argument("--jobs", type=_count, default=1, metavar="N", help="decide on N processes (default: this one)")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write a page too")
    parser.add_argument("--force", action="store_true", help="let --html write over a file that is no report")
    parser.add_argument("--new-since", metavar="RELEASE", help="only what leaks with a release and did not before")
    add_prometheus(parser)


def execute(args: argparse.Namespace) -> int:
    """Judge every subject, and say what came of it."""
    _refuse_page(args)
    scanned = _of_folder(args) if args.path is not None else _of_prometheus(args)
    show(scanned, args)
    _write_page(scanned, args)
    return code_of_scan(scanned, args.max_inconclusive)


def _of_folder(args: argparse.Namespace) -> Scan:
    from leakdoc.detection.scan import scan

    if args.prometheus is not None:
        raise UsageError("a folder and a Prometheus were both given", help="Scan one of them.")
    if args.new_since is not None:
        raise UsageError("--new-since is told by the builds of a Prometheus", help="Leave it out for a folder.")
    with _workers(args.jobs) as executor, ProgressLine() as progress:
        found = scan(args.path, policies=policies_of(args), load=args.load, executor=executor, progress=progress)
    return replace(found, source=f"the folder {inert(str(args.path), longest=1_000)}")


@contextmanager
def _workers(jobs: int) -> Iterator[Executor | None]:
    """Yield processes to decide on; null where this one does. They are started anew: this one may have threads."""
    if jobs == 1:
        yield None
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


def _of_prometheus(args: argparse.Namespace) -> Scan:
    from leakdoc.detection.fleet_scan import scan_fleet

    if args.prometheus is None and args.prometheus_config is None and not NAMES_ONE & os.environ.keys():
        raise UsageError("nothing was given to scan", help="Give a folder, or --prometheus URL.")
    if args.load is not None:
        raise UsageError("--load names a column of files", help="For Prometheus: --metric NAME=requests_total.")
    with prometheus_of(args) as prometheus, _workers(args.jobs) as executor, ProgressLine() as progress:
        progress.listing()
        fleet = fleet_of(args, prometheus)
        found = scan_fleet(
            fleet, policies=policies_of(args), new_since=args.new_since, executor=executor, progress=progress
        )
    return replace(found, source=source_of(fleet))


def _refuse_page(args: argparse.Namespace) -> None:
    """What may not be written over is refused before anything is asked for."""
    if args.html is not None:
        from leakdoc.cli.out_file import refuse
        from leakdoc.reporting.html_page import is_page

        refuse(args.html, sources=[], force=args.force, ours=is_page, option="--html FILE")


def _write_page(scan: Scan, args: argparse.Namespace) -> None:
    if args.html is None:
        return
    from leakdoc.cli.out_file import replacing
    from leakdoc.reporting.html_page import is_page
    from leakdoc.reporting.scan_html import scan_to_html

    source = Path(args.path or "-")
    with replacing(args.html, source=source, force=args.force, ours=is_page, option="--html FILE") as beside:
        beside.write_text(scan_to_html(scan, top=args.top), encoding="utf-8", newline="\n")
    tell(f"Report: {inert(str(args.html), longest=1_000)}")


def show(scan: Scan, args: argparse.Namespace) -> None:
    """Print the answer in the form that was asked for."""
    shown = scan if args.top is None else replace(scan, diagnoses=scan.ranked[: args.top])
    if args.json:
        print_scan_json(shown, sys.stdout)
    elif args.csv:
        from leakdoc.reporting.scan_csv import write_scan_csv

        write_scan_csv(shown, sys.stdout)
    else:
        from leakdoc.reporting.scan_text import scan_lines

        print_lines(scan_lines(scan, top=args.top))


def print_scan_json(scan: Scan, out: TextIO) -> None:
    """Write the one document of a scan, a diagnosis at a time: a fleet's need not be in memory together."""
    from leakdoc.model.documents import diagnosis_document, scan_document

    whole = json.dumps(scan_document(replace(scan, diagnoses=())), allow_nan=False, indent=2)
    before, empty, after = whole.partition('"diagnoses": []')
    out.write(f"{before}{empty[:-1]}")
    for at, each in enumerate(scan.diagnoses):
        text = json.dumps(diagnosis_document(each), allow_nan=False, indent=2).replace("\n", "\n    ")
        out.write(f"{',' if at else ''}\n    {text}")
    out.write(f"{chr(10) + '  ' if len(scan.diagnoses) else ''}]{after}\n")


def code_of_scan(scan: Scan, most_undecided: float) -> int:
    """Return the exit code by the contract's table, the first rule that applies.

    Args:
        most_undecided: the share of all subjects that may be inconclusive or skipped.
    """
    if scan.discovery.faults:
        return FAULT
    if not scan.diagnoses:
        return ANSWERED if scan.left_out else COULD_NOT
    undecided = scan.counts.get(Decision.INCONCLUSIVE, 0) + len(scan.skipped)
    return UNDECIDED if undecided > most_undecided * (len(scan.diagnoses) + len(scan.skipped)) else ANSWERED


class ProgressLine:
    """Tells on a terminal how far a scan is, on one line that is wiped at the end; elsewhere nothing."""

    def __init__(self) -> None:
        self._stream = sys.stderr
        self._told = -1

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        self._say("")

    def listing(self) -> None:
        """Say that a server is asked what it has, which takes a while of a large one."""
        self._say("listing what there is")

    def __call__(self, done: int, of: int) -> None:
        share = 100 * done // max(of, 1)
        if share != self._told:
            self._told = share
            self._say(f"scanning: {done:,} of {of:,} ({share} %)" if done < of else "")

    def _say(self, words: str) -> None:
        if self._stream is not None and self._stream.isatty():
            self._stream.write(f"\r\x1b[K{words}")
            self._stream.flush()


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 on: {text!r}")
    return number


def _share(text: str) -> float:
    try:
        number = float(text[:-1]) / 100.0 if text.endswith("%") else float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number <= 1.0:
        raise argparse.ArgumentTypeError(f"must be a share such as 20% or 0.2: {text!r}")
    return number

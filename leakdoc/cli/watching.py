"""What `watch` and `run` share: options, the live line, signals, and how the verdict is given."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from leakdoc.cli.exit_codes import COULD_NOT, code_of
from leakdoc.cli.options import add_json, add_judging, positive_duration, size
from leakdoc.cli.output import print_json, print_lines, tell, tell_kept

if TYPE_CHECKING:
    from leakdoc.detection.watch import Progress, Watched
    from leakdoc.reporting.live import LiveLine
    from leakdoc.sampling.captures.capture import Captures
    from leakdoc.sampling.retention import Retention

LEAST_BYTES: Final = 2**20


def add_watching(parser: argparse.ArgumentParser) -> None:
    """Add the options of a watch."""
    parser.add_argument(
        "--interval", type=positive_duration, default=1.0, metavar="TIME", help="between samples (default: 1s)"
    )
    parser.add_argument(
        "--record",
        metavar="FILE",
        help="keep every sample in FILE, readable by you only; - writes JSON Lines to standard output, and the "
        "verdict to standard error",
    )
    parser.add_argument(
        "--max-size", type=recording_size, metavar="SIZE", help="the recording's size at most (default: 1GiB)"
    )
    parser.add_argument("--keep", type=positive_duration, metavar="TIME", help="drop recorded samples older than this")
    parser.add_argument(
        "--capture-at",
        type=capture_point,
        metavar="POINT",
        help="once a life, keep what can be had without attaching when memory is at 85%% of the limit, or at "
        "forecast:10m before it",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    add_judging(parser)
    add_json(parser)


def capture_point(text: str) -> str:
    """Check where to capture."""
    from leakdoc.errors import UsageError
    from leakdoc.sampling.captures.trigger import parse_trigger

    try:
        parse_trigger(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error).replace("\n", ". ")) from None
    return text


def captures_of(args: argparse.Namespace) -> Captures | None:
    """Return what captures at the edge; null where that is not asked for."""
    if args.capture_at is None:
        return None
    from functools import partial

    from leakdoc.sampling.captures.capture import Captures
    from leakdoc.sampling.captures.trigger import parse_trigger

    beside = Path("leakdoc") if args.record in (None, "-") else Path(args.record)
    return Captures(partial(parse_trigger, args.capture_at), beside, limit_bytes=args.limit)


def recording_size(text: str) -> float:
    """Read a size that a recording can keep to."""
    bytes_ = size(text)
    if bytes_ < LEAST_BYTES:
        raise argparse.ArgumentTypeError(f"a recording needs 1MiB at least: {text!r}")
    return bytes_


def retention_of(args: argparse.Namespace, *, whole_s: float | None = None) -> Retention | None:
    """Return what bounds the recording that is asked for; null where nothing is recorded.

    Raises:
        UsageError: bounds were given for no recording.
    """
    from leakdoc.errors import UsageError

    if args.record == "-" and args.json:
        raise UsageError(
            "--record - and --json both want standard output", help="Record into a file, or leave one out."
        )
    if args.record in (None, "-"):
        if args.max_size is not None or args.keep is not None:
            raise UsageError("--max-size and --keep bound a recording", help="Name its file with --record FILE.")
        return None
    from leakdoc.sampling.retention import LARGEST_BYTES, Retention

    return Retention(largest_bytes=int(args.max_size or LARGEST_BYTES), keep_s=args.keep, whole_s=whole_s)


def progress_shown(args: argparse.Namespace) -> Callable[[Progress], None] | None:
    """Return what shows a watch's progress: a line kept up to date on a terminal, else a line per verdict."""
    if args.quiet:
        return None
    from leakdoc.reporting.live import LiveLine

    line = LiveLine(limit_bytes=args.limit, draws=_can_draw())
    return _on_terminal(line) if _is_terminal() else _in_plain_lines(line)


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _can_draw() -> bool:
    encoding = getattr(sys.stderr, "encoding", None) or ""
    return encoding.lower().replace("-", "").startswith("utf")


def _on_terminal(line: LiveLine) -> Callable[[Progress], None]:
    from shutil import get_terminal_size

    def show(progress: Progress) -> None:
        line.add(progress.sample)
        text = line.text(progress.sample, progress.elapsed_s, progress.diagnosis)
        width = get_terminal_size().columns
        sys.stderr.write(f"\r\x1b[2K{text[: width - 1]}")
        sys.stderr.flush()

    return show


def _in_plain_lines(line: LiveLine) -> Callable[[Progress], None]:
    def show(progress: Progress) -> None:
        line.add(progress.sample)
        if progress.is_new:
            tell(line.text(progress.sample, progress.elapsed_s, progress.diagnosis))

    return show


def clear_line(args: argparse.Namespace) -> None:
    """Take the live line off the terminal."""
    if not args.quiet and _is_terminal():
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()


ENDING: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # SIGHUP: the terminal, or the ssh that brought it, went away


@contextmanager
def ended_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and a lost terminal end the watch with its verdict; a second Ctrl-C ends it at once."""

    def handle(number: int, frame: object) -> None:
        del frame
        stop()
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

    before = {number: signal.signal(number, handle) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held_signals(told: Callable[[], None]) -> Iterator[None]:
    """Let nothing that asks us to end interrupt what is being done; say so each time."""
    before = {number: signal.signal(number, lambda *_: told()) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def give_verdict(args: argparse.Namespace, watched: Watched) -> int:
    """Print what a watch has seen, and return the exit code."""
    clear_line(args)
    if args.json:
        from leakdoc.model.documents import diagnosis_document

        print_json(diagnosis_document(watched.diagnosis))
    else:
        from leakdoc.reporting.screen import last_screen

        lines = last_screen(watched.diagnosis)
        if args.record == "-":
            tell("\n".join(lines))
        else:
            print_lines(lines)
    return tell_ending(watched)


def tell_ending(watched: Watched) -> int:
    """Say where the recording is and why it ended, and return the exit code."""
    for path in (*watched.captured, *([] if watched.path is None else [watched.path])):
        tell_kept(path)
    if watched.failure is not None:
        tell(f"leakdoc: {watched.failure}")
        return COULD_NOT
    return code_of(watched.diagnosis.decision)

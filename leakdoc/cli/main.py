"""The front of the command line: picks the command, runs it, and turns whatever happens into an exit code.

Only the standard library is imported here, and each command only when it is asked for, so that an import that
fails is reported as what it is (exit 4) and never as a fault of the target (exit 1). What this module itself imports
is next to nothing: until it is there, Ctrl-C shows Python's own traceback.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final, NoReturn

COULD_NOT: Final = 4
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141


def run() -> NoReturn:
    """Run the command line of this process and exit with its status (the console script)."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Run one command.

    Args:
        argv: the words after ``leakdoc``.

    Returns:
        The exit code, by the table in the documentation.
    """
    try:
        return _dispatch(argv)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _silence_standard_output()
        return BROKEN_PIPE
    except OSError as error:
        return _report_output(error)
    except Exception as error:  # a defect of ours has exit code 4: Python's own 1 would be read as "leaking"
        return _report(error)


def _dispatch(argv: Sequence[str]) -> int:
    if sys.stdin is None or sys.stdout is None or sys.stderr is None:
        _lead_closed_streams_nowhere()
    from leakdoc.cli.parser import parse

    args = parse(argv)
    code = args.execute(args)
    sys.stdout.flush()
    return int(code)


def _lead_closed_streams_nowhere() -> None:
    """Open what was closed when we were started: else a file of ours takes its number, and `print` its place."""
    import os

    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def _report(error: Exception) -> int:
    import os

    from leakdoc.errors import LeakdocError
    from leakdoc.redact import inert, without_secrets

    if os.environ.get("LEAKDOC_DEBUG"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, LeakdocError):
        lines = [f"leakdoc: {error.message}", *(error.help or "").splitlines()]
        code = error.exit_code
    else:
        lines = [
            f"leakdoc: internal error: {type(error).__name__}: {error}",
            "This is a defect of leakdoc, not a verdict. LEAKDOC_DEBUG=1 shows where it happened.",
        ]
        code = COULD_NOT
    for line in lines:
        print(without_secrets(inert(line, longest=1000)), file=sys.stderr)
    return code


def _report_output(error: OSError) -> int:
    """Tell of what the system refused while the answer was written; readers turn their own into errors of ours."""
    where = f" {error.filename}" if error.filename else ""
    print(f"leakdoc: the system refused{where}: {error.strerror or error}", file=sys.stderr)
    print("If it is the answer that could not be written, look at where standard output goes.", file=sys.stderr)
    _silence_standard_output()
    return COULD_NOT


def _silence_standard_output() -> None:
    """Keep the interpreter from complaining at exit that nobody reads its output any more."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

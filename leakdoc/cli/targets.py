"""How commands take a target."""

from __future__ import annotations

import argparse


def add_target(parser: argparse.ArgumentParser, job: str, *, optional: bool = False, children: bool = True) -> None:
    """Let the user name a target.

    Args:
        job: what is done to it, e.g. ``watch``.
        children: whether its whole tree may be asked for.
    """
    parser.add_argument(
        "target",
        metavar="TARGET",
        nargs="?" if optional else None,
        help=f"what to {job}: a pid, :PORT, name:PATTERN, cgroup:PATH, unit:NAME or container:ID",
    )
    if children:
        parser.add_argument(
            "--children", action="store_true", help="with all that it has started: workers, and who takes their place"
        )


def allow_many_files() -> None:
    """Let this process keep as many files open as it may: of a thousand processes two each are."""
    try:
        import resource
    except ImportError:  # Windows
        return
    import contextlib

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS tells a limit that it does not allow
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

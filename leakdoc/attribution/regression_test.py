"""A regression test of one incident, ready to fill in: it calls what leaked until that is decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from leakdoc.redact import inert, without_secrets

_SHOWN: Final = 3  # lines and holders that the test remembers

_TEXT: Final = '''"""{service} kept memory: what leaked is called here until it is known whether it still does."""

import pytest

from leakdoc.testing import assert_no_growth

# What was found, the likeliest first:
{found}


def leaked() -> None:
    """Do once what {function} did when it leaked."""
    pytest.fail("fill this in: call the code that leaked, as one request does")


def test_nothing_is_kept() -> None:
    assert_no_growth(leaked)
'''


def regression_test_text(service: str, lines: Sequence[Any], holders: Sequence[Any] = ()) -> str:
    """Write the test.

    Args:
        service: whose incident it was.
        lines: of ``leakdoc.heap/1``: mappings with `file`, `line` and `function`.
        holders: of the same: mappings with `path` and `type`.

    Returns:
        Python source that fails until it is filled in, and then as long as the code leaks.
    """
    found = [f"#   {_place(line)}" for line in lines[:_SHOWN]]
    found += [f"#   kept by {_path(holder)}" for holder in holders[:_SHOWN]]
    function = next((str(line["function"]) for line in lines if line.get("function")), "the code")
    return _TEXT.format(
        service=_plain(service), found="\n".join(found) or "#   no line was found", function=_plain(function)
    )


def _place(line: Any) -> str:
    function = f" in {line['function']}" if line.get("function") else ""
    return _plain(f"{line.get('file')}:{line.get('line')}{function}")


def _path(holder: Any) -> str:
    path = [str(hop.get("name")) for hop in holder.get("path", ())] or [str(holder.get("type"))]
    return _plain(" > ".join(path))


def _plain(text: str) -> str:
    """Foreign text for a comment or a docstring: one line, and nothing that could end either."""
    return without_secrets(inert(text)).replace("\\", "/").replace('"', "'").replace("{", "(").replace("}", ")")

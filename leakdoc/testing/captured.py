"""What the runner of a test keeps, for its report, of what calls say: log records, output and warnings."""

from __future__ import annotations

import io
import logging
import sys
import warnings
from typing import Any


class Captured:
    """What is captured of the first calls; what later ones say is forgotten, so that it is not what they keep.

    That is the records and the text of pytest's log handlers (`caplog`), the output that it has in memory (`capsys`,
    `--capture=sys`), and a list that warnings are recorded in.
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Any, int]] | None = None

    def forget(self) -> None:
        """Note what is there, the first time; take it back to that from then on."""
        records, texts = _records(), _texts()
        if self._kept is None:
            lengths = [(each, len(each)) for each in records] + [(each, _end(each)) for each in texts]
            self._kept = {id(each): (each, length) for each, length in lengths}
            return
        for each in records:
            del each[self._length(each) :]
        for text in texts:
            text.seek(min(self._length(text), _end(text)))
            text.truncate()

    def _length(self, each: Any) -> int:
        assert self._kept is not None
        return self._kept.get(id(each), (each, 0))[1]


def _records() -> list[list[Any]]:
    recorded = getattr(getattr(warnings, "_showwarnmsg_impl", None), "__self__", None)
    return [*(each.records for each in _handlers()), *([recorded] if isinstance(recorded, list) else [])]


def _texts() -> list[Any]:
    kind = _of_pytest("capture", "CaptureIO")
    captured = [each for each in (sys.stdout, sys.stderr) if kind is not None and isinstance(each, kind)]
    return [*(each.stream for each in _handlers()), *captured]


def _handlers() -> list[Any]:
    kind = _of_pytest("logging", "LogCaptureHandler")
    return [each for each in logging.getLogger().handlers if kind is not None and isinstance(each, kind)]


def _of_pytest(module: str, name: str) -> Any:
    return getattr(sys.modules.get(f"_pytest.{module}"), name, None)


def _end(text: Any) -> int:
    return int(text.seek(0, io.SEEK_END))

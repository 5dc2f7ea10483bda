"""Columns read back from the text that names them in headers: ``connections{peer="10.0.0.5:5432"}``."""

from __future__ import annotations

import re
from typing import Final

from leakdoc.model.sample import Column

_PAIR: Final = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\.)*"'
_SERIES: Final = re.compile(rf"([^{{}}]+)\{{({_PAIR}(?:,{_PAIR})*)\}}", re.DOTALL)
_LABEL: Final = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def column_of(name: str) -> Column:
    """Read what `Column.text` wrote; a name that is written otherwise is a metric without labels."""
    series = _SERIES.fullmatch(name)
    if series is None:
        return Column(name)
    labels = {key: _unescape(value) for key, value in _LABEL.findall(series[2])}
    return Column.of(series[1], **labels)


def _unescape(value: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] == "n" else match[1], value)

"""The types of a playbook's parameters: each reads what a person wrote, and says what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from leakdoc.errors import UsageError
from leakdoc.units import format_time, parse_duration, parse_rate, parse_size, parse_time

Reader = Callable[[Any, float], Any]

_SECRET: Final = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")
_CHANNEL: Final = re.compile(r"#[\w-]{1,80}|[CGD][A-Z0-9]{6,20}")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*Z?")
_NUMBERS: Final = (int, float)


def read_param(type_name: str, given: Any, now: float) -> Any:
    """Read one parameter.

    Args:
        type_name: one of `TYPES`.
        given: text, or a value of JSON.
        now: seconds since the epoch, to which a time of day belongs.

    Raises:
        ValueError: it is not of the type; the message says what would be.
    """
    try:
        return TYPES[type_name](given, now)
    except UsageError as error:
        raise ValueError(f"cannot be read: {error}".replace("\n", ". ")) from None


def _text(given: Any, _now: float) -> str:
    if isinstance(given, list | tuple):
        raise ValueError("takes one value, and was given several")
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise ValueError("takes text")
    text = str(given)
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


def _words(given: Any, now: float) -> str:
    text = _text(given, now)
    if not text.strip():
        raise ValueError("is empty")
    return text


def _measured(read: Callable[[str], float]) -> Reader:
    def reader(given: Any, now: float) -> str:
        text = _words(given, now)
        read(text)
        return text

    return reader


def _integer(given: Any, now: float) -> int:
    text = _text(given, now).strip()
    if not re.fullmatch(r"[-+]?\d{1,18}", text):
        raise ValueError(f"takes a whole number, not {text!r}")
    return int(text)


def _number(given: Any, now: float) -> float:
    text = _text(given, now).strip()
    if not re.fullmatch(r"[-+]?(\d{1,15}(\.\d*)?|\.\d+)([eE][-+]?\d{1,2})?", text):
        raise ValueError(f"takes a number, not {text!r}")
    return float(text)


def _boolean(given: Any, _now: float) -> bool:
    if isinstance(given, bool):
        return given
    if given in ("true", "false"):
        return bool(given == "true")
    raise ValueError("takes true or false")


def _secret_ref(given: Any, _now: float) -> str:
    if isinstance(given, str) and _SECRET.fullmatch(given):
        return given
    raise ValueError("takes env:NAME or file:PATH, never the secret itself")


def _channel(given: Any, _now: float) -> str:
    if isinstance(given, str) and _CHANNEL.fullmatch(given):
        return given
    raise ValueError('takes a channel such as "#incidents", or its id')


def _url(given: Any, now: float) -> str:
    text = _words(given, now)
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("takes a URL such as http://prometheus.example.com:9090")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds userinfo; give secrets as env:NAME or file:PATH")
    return text


def _port(given: Any, now: float) -> int:
    port = _integer(given, now)
    if not 0 < port < 65_536:
        raise ValueError("takes a port from 1 to 65535")
    return port


def _pid(given: Any, now: float) -> int:
    pid = _integer(given, now)
    if pid <= 0:
        raise ValueError("takes a pid above 0")
    return pid


def _time(given: Any, now: float) -> str:
    """An instant as ISO 8601; a time of day is the last such moment before now, in UTC."""
    text = _words(given, now).strip()
    clock = _CLOCK.fullmatch(text)
    try:
        if clock is None:
            return format_time(parse_time(text.removesuffix("Z") + "+00:00" if text.endswith("Z") else text))
        present = datetime.fromtimestamp(now, UTC)
        hour, minute, second = (int(part or 0) for part in clock.groups())
        moment = present.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"takes a time such as 03:12Z or 2026-03-10T03:12:00Z, not {text!r}") from None
    return format_time((moment if moment <= present else moment - timedelta(days=1)).timestamp())


def _list(given: Any, now: float) -> list[str]:
    values = given if isinstance(given, list | tuple) else [given]
    return [_text(each, now) for each in values]


TYPES: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "text": _text,
        "service": _words,
        "target": _words,
        "path": _words,
        "time": _time,
        "secret_ref": _secret_ref,
        "slack_channel": _channel,
        "duration": _measured(parse_duration),
        "size": _measured(parse_size),
        "rate": _measured(parse_rate),
        "integer": _integer,
        "number": _number,
        "boolean": _boolean,
        "url": _url,
        "host": _words,
        "port": _port,
        "pid": _pid,
        "revision": _words,
        "image": _words,
        "list": _list,
    }
)

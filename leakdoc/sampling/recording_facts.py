"""A trace's facts as the text that a recording stores."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from leakdoc.sampling.recording_schema import number_or_none, text

if TYPE_CHECKING:
    from leakdoc.model.trace import Ending, Facts


def facts_text(facts: Facts) -> str:
    """Write facts."""
    return text(asdict(facts))


def facts_from(stored: str) -> Facts:
    """Read facts back; what is not there is unknown.

    Raises:
        ValueError, TypeError, AttributeError: the text is no facts.
    """
    from leakdoc.model.trace import Facts

    document: dict[str, Any] = json.loads(stored)
    touched, ending = document.get("touched"), document.get("ending")
    return Facts(
        limit_bytes=number_or_none(document.get("limit_bytes")),
        open_files_limit=number_or_none(document.get("open_files_limit")),
        unavailable={str(name): str(why) for name, why in document.get("unavailable", {}).items()},
        blind_spots=tuple(str(each) for each in document.get("blind_spots", ())),
        notes=tuple(str(each) for each in document.get("notes", ())),
        ending=None if ending is None else _ending(ending),
        touched=None if touched is None else str(touched),
        sorted_rows=int(document.get("sorted_rows", 0)),
        dropped_duplicates=int(document.get("dropped_duplicates", 0)),
    )


def _ending(document: dict[str, Any]) -> Ending:
    from leakdoc.model.trace import Ending

    at = number_or_none(document["at"])
    if at is None:
        raise ValueError("an ending without a time")
    status, signal = document.get("exit_status"), document.get("signal")
    return Ending(
        at=at,
        cause=str(document["cause"]),
        exit_status=None if status is None else int(status),
        signal=None if signal is None else int(signal),
    )

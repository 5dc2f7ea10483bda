"""Answers of the HTTP API taken apart, whoever sent them: anything else than what Prometheus documents is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from leakdoc.errors import DamagedSource, UnreadableSource
from leakdoc.redact import inert, without_secrets
from leakdoc.sampling.sources.prometheus.raw_series import RawSeries

_NO_PROMETHEUS: Final = "Give the address that stands before /api/v1."
_GRID_S: Final = 1.0  # servers round what is asked for, to milliseconds or less
_TAIL: Final = 65_536  # bytes at the end of an answer in which warnings stand
_WARNINGS: Final = re.compile(rb'"warnings":\s*(?=\[)')


def data_of(content: bytes) -> Any:
    """Return the data of an answer.

    Raises:
        UnreadableSource: it is a page, or anything else than an answer of Prometheus.
    """
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError) as error:
        what = "a page" if content[:200].lstrip().startswith(b"<") else "something else than JSON"
        raise UnreadableSource(f"Prometheus answered with {what}", help=_NO_PROMETHEUS) from error
    if not isinstance(answer, dict) or "status" not in answer:
        raise UnreadableSource("what answered is no Prometheus", help=_NO_PROMETHEUS)
    if answer["status"] != "success":
        told = without_secrets(inert(str(answer.get("error", "it does not say why")), longest=300))
        raise UnreadableSource(f"Prometheus refused a query: {told}")
    if "data" not in answer:
        raise DamagedSource("an answer of Prometheus holds no data")
    return answer["data"]


def warnings_in(content: bytes) -> list[str]:
    """Return the warnings that stand at the end of an answer: a store that was not asked leaves it not whole."""
    found = _WARNINGS.search(content, max(len(content) - _TAIL, 0))
    if found is None:
        return []
    try:
        told, _ = json.JSONDecoder().raw_decode(content[found.end() :].decode("utf-8", "replace"))
    except ValueError:
        return []
    return [without_secrets(inert(str(each), longest=200)) for each in told] if isinstance(told, list) else []


def matrix_of(data: Any, start: float = -np.inf, end: float = np.inf) -> Iterator[RawSeries]:
    """Yield the series of a matrix.

    Args:
        start: first instant that was asked for, seconds since the epoch.
        end: last instant.

    Raises:
        DamagedSource: it is none, or holds what was not asked for.
    """
    try:
        if data["resultType"] != "matrix":
            raise DamagedSource(f"Prometheus gave a {inert(str(data['resultType']))} where a matrix was asked for")
        for each in data["result"]:
            # histograms come without "values"
            points = each.get("values", ())
            times = np.array([point[0] for point in points], dtype=np.float64)
            values = np.array([float(point[1]) for point in points], dtype=np.float64)
            if not np.isfinite(times).all() or (len(times) > 1 and not np.all(np.diff(times) > 0)):
                raise DamagedSource("the times of a series that Prometheus gave do not ascend")
            if len(times) and not start - _GRID_S <= times[0] <= times[-1] <= end + _GRID_S:
                raise DamagedSource("Prometheus gave samples of another time than was asked for")
            yield RawSeries(labels=labels_of(each["metric"]), times=times, values=values)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise DamagedSource("an answer of Prometheus is no matrix") from error


def vector_of(result: Any) -> Iterator[tuple[dict[str, str], float]]:
    """Yield the labels and the value of each element of a vector.

    Raises:
        DamagedSource: it is none.
    """
    try:
        for each in result:
            if "value" in each:
                yield labels_of(each["metric"]), float(each["value"][1])
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise DamagedSource("an answer of Prometheus is no vector") from error


def labels_of(labels: Any) -> dict[str, str]:
    """Return labels, all of them text.

    Raises:
        TypeError: they are none.
    """
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise TypeError("labels are text")
    return labels

"""Remote read with streamed chunks: samples exactly as the server keeps them, at a fraction of a query's cost to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from leakdoc.errors import SourceError, UnreadableSource
from leakdoc.model.trace import FloatArray
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.frames import frames_of, snappy
from leakdoc.sampling.sources.prometheus.protobuf import (
    XOR,
    ChunkedSeries,
    Matcher,
    Query,
    labels_of,
    read_request,
    series_of_frame,
)
from leakdoc.sampling.sources.prometheus.raw_series import RawSeries
from leakdoc.sampling.sources.prometheus.xor_chunks import decode

_AT_ONCE: Final = 6_144  # chunks decoded side by side: about 700,000 samples
_ASKED_AGAIN_S: Final = 600.0  # a server that restarts does not stream for a moment; `serve` outlives it
_HEADERS: Final = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Read-Version": "0.1.0",
}


class NotOffered(UnreadableSource):
    """The server does not answer remote read by streamed chunks."""


def read(prometheus: Prometheus, queries: Sequence[Sequence[Matcher]], start: float, end: float) -> Iterator[RawSeries]:
    """Yield every series that any of the queries selects, with its samples in a window.

    Args:
        queries: each a list of matchers.
        start: first instant, seconds since the epoch; included, as is `end`.

    Raises:
        NotOffered: the server has no remote read, or only one by whole samples.
        DamagedSource: what came is damaged: a checksum, a frame, or a chunk.
        SourceError: as the session says.
    """
    asked = [Query(max(round(start * 1000), 0), max(round(end * 1000), 0), matchers) for matchers in queries]
    headers = {**_HEADERS, "Accept-Encoding": "identity"}  # chunks are compressed as they are
    body = snappy(read_request(asked))
    with prometheus.session.streamed("POST", prometheus.url("read"), data=body, headers=headers) as (answer, pieces):
        if not answer.headers.get("Content-Type", "").startswith("application/x-streamed-protobuf"):
            raise NotOffered("this server answers remote read by whole samples only")
        yield from _decoded(_merged(frames_of(pieces)), start, end)


def is_offered(prometheus: Prometheus, now: Callable[[], float] = time.monotonic) -> bool:
    """Say whether a server streams chunks, by asking it for nothing: once, or again a while after it did not.

    Args:
        now: seconds.
    """
    if prometheus.streams is None or (not prometheus.streams and now() - prometheus.streams_asked > _ASKED_AGAIN_S):
        prometheus.streams, prometheus.streams_asked = _streams(prometheus), now()
    return prometheus.streams


def _streams(prometheus: Prometheus) -> bool:
    try:
        for _ in read(prometheus, [[Matcher("__name__", "leakdoc:none")]], 0.0, 1.0):
            break
    except SourceError:
        return False
    return True


def _merged(frames: Iterator[bytes]) -> Iterator[ChunkedSeries]:
    """Join the parts of a series that a server spread over frames; a series is never split over others."""
    last: ChunkedSeries | None = None
    for frame in frames:
        for part in series_of_frame(frame):
            if last is not None and (last.query, last.labels) == (part.query, part.labels):
                last.chunks.extend(part.chunks)
                last.kinds.update(part.kinds)
            else:
                if last is not None:
                    yield last
                last = part
    if last is not None:
        yield last


def _decoded(series: Iterator[ChunkedSeries], start: float, end: float) -> Iterator[RawSeries]:
    batch: list[ChunkedSeries] = []
    chunks = 0
    for each in series:
        if each.kinds - {XOR}:
            continue  # native histograms are no numbers
        batch.append(each)
        chunks += len(each.chunks)
        if chunks >= _AT_ONCE:
            yield from _batch(batch, start, end)
            batch, chunks = [], 0
    yield from _batch(batch, start, end)


def _batch(batch: Sequence[ChunkedSeries], start: float, end: float) -> Iterator[RawSeries]:
    decoded = decode([chunk for each in batch for chunk in each.chunks])
    ends = np.append(0, np.cumsum(decoded.counts))
    times, values = decoded.times_ms / 1000.0, decoded.values
    stops = ends[np.cumsum([len(each.chunks) for each in batch], dtype=np.intp)]
    falls = np.flatnonzero(np.diff(decoded.times_ms) <= 0) + 1
    overlap = set(np.searchsorted(stops, falls[~np.isin(falls, stops)], side="right").tolist())  # chunks of two blocks
    finite, first = bool(np.isfinite(values).all()), 0
    for at, (each, stop) in enumerate(zip(batch, stops.tolist(), strict=True)):
        told, samples = labels_of(each.labels), (times[first:stop], values[first:stop])
        trimmed = _trimmed(*samples, start, end, ordered=at not in overlap)
        yield RawSeries(labels=told, times=trimmed[0], values=trimmed[1], is_finite=finite)
        first = stop


def _trimmed(
    times: FloatArray, values: FloatArray, start: float, end: float, *, ordered: bool
) -> tuple[FloatArray, FloatArray]:
    """Cut a series to its window, as chunks reach beyond it; of the same instant twice one is kept."""
    if not ordered:
        times, kept = np.unique(times, return_index=True)
        values = values[kept]
    if len(times) and (times[0] < start or times[-1] > end):
        first, stop = np.searchsorted(times, [start, np.nextafter(end, np.inf)])
        times, values = times[first:stop], values[first:stop]
    return times.copy(), values.copy()

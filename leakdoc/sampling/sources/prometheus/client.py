"""The one place where leakdoc speaks to a Prometheus (or Thanos, Mimir, Cortex, VictoriaMetrics).

Small questions go through prometheus-api-client, bulk goes beside it: it puts queries into the address of a request,
which servers cap, and copies every answer. Its known pitfalls are covered here: no timeout and unbounded answers
(`BoundedSession`), naive datetimes (none are made), warnings that it drops (they are kept), pages for answers and
missing results (they are refused), the limit of points (`range` asks in parts).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from leakdoc.errors import UnreadableSource
from leakdoc.sampling.sources.prometheus.access import Access
from leakdoc.sampling.sources.prometheus.answers import data_of, labels_of, matrix_of, vector_of, warnings_in
from leakdoc.sampling.sources.prometheus.limits import Limits
from leakdoc.sampling.sources.prometheus.promql import milliseconds, selector
from leakdoc.sampling.sources.prometheus.protobuf import Matcher
from leakdoc.sampling.sources.prometheus.raw_series import RawSeries
from leakdoc.sampling.sources.prometheus.session import BoundedSession
from leakdoc.sampling.sources.prometheus.spans import spans_of

if TYPE_CHECKING:
    from prometheus_api_client import PrometheusConnect


class Prometheus:
    """A server that speaks Prometheus' HTTP API; may be used by several threads."""

    def __init__(self, access: Access, limits: Limits = Limits(), *, session: BoundedSession | None = None) -> None:  # noqa: B008
        self.access = access
        self.limits = limits
        self.session = session or BoundedSession(access, limits)
        self.session.heard = self._hear
        self.streams: bool | None = None  # whether it streams chunks by remote read, once it has been asked
        self.streams_asked = 0.0  # when; seconds of a monotonic clock
        self._warnings: dict[str, None] = {}
        self._lock = threading.Lock()
        self._connect: PrometheusConnect | None = None

    def __enter__(self) -> Prometheus:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the server warned of so far, each once: answers that are not whole, for one."""
        with self._lock:
            return tuple(self._warnings)

    @property
    def clock_ahead_s(self) -> float:
        """How many seconds the server's clock is ahead of this machine's, as far as it is known."""
        return self.session.clock_ahead_s or 0.0

    def url(self, path: str) -> str:
        """The address of a part of the API."""
        return f"{self.access.url}/api/v1/{path}"

    def metric_names(self, start: float, end: float) -> set[str]:
        """Return the names of all metrics that have samples in a window.

        Raises:
            SourceError: as `BoundedSession.request` and `data_of` say.
        """
        return self.label_values("__name__", start, end)

    def label_names(self, start: float, end: float) -> set[str]:
        """Return the names of all labels that series have in a window.

        Raises:
            SourceError: as for `metric_names`.
        """
        with self._told():
            return _texts(self._client().get_label_names(params={"start": start, "end": end}))

    def label_values(self, label: str, start: float, end: float) -> set[str]:
        """Return the values that a label has in a window.

        Raises:
            SourceError: as for `metric_names`.
        """
        with self._told():
            return _texts(self._client().get_label_values(label, params={"start": start, "end": end}))

    def query(self, promql: str, at: float) -> list[tuple[dict[str, str], float]]:
        """Return the vector that a query yields at an instant, labels and value of each element.

        Raises:
            SourceError: as for `metric_names`.
        """
        with self._told():
            return list(vector_of(self._client().custom_query(promql, params={"time": at})))

    def small_range(self, promql: str, start: float, end: float, step: float) -> list[RawSeries]:
        """Return what a query yields in a window, at every step; for small answers.

        Raises:
            SourceError: as for `metric_names`.
        """
        found: list[RawSeries] = []
        for first, last in spans_of(start, end, step, self.limits.points):
            instants = [datetime.fromtimestamp(each, UTC) for each in (first, last)]
            with self._told():
                result = self._client().custom_query_range(promql, *instants, step=milliseconds(step))
                found.extend(matrix_of({"resultType": "matrix", "result": result}, first, last))
        return found

    def series(self, matchers: Iterable[Matcher], start: float, end: float) -> list[dict[str, str]]:
        """Return the labels of every series in a window."""
        data = self._post("series", {"match[]": selector(matchers), "start": str(start), "end": str(end)})
        try:
            return [labels_of(each) for each in data]
        except TypeError as error:
            raise UnreadableSource("an answer of Prometheus holds no list of series") from error

    def range(self, promql: str, start: float, end: float, step: float) -> Iterator[RawSeries]:
        """Yield the series of a query over a window, each span of at most as many points as the server gives.

        A series that has points in several spans is yielded once for each.
        """
        for first, last in spans_of(start, end, step, self.limits.points):
            form = {"query": promql, "start": str(first), "end": str(last), "step": str(step)}
            # VictoriaMetrics moves what it may answer from its cache to multiples of the step; others do not know this,
            # and Cortex may be set up to do so always
            answer = self._post("query_range", {**form, "nocache": "1"})
            yield from matrix_of(answer, first - step, last + step)

    def raw(self, matchers: Sequence[Matcher], start: float, end: float) -> Iterator[RawSeries]:
        """Yield the samples of series as they were scraped, at their own times."""
        promql = f"{selector(matchers)}[{milliseconds(end - start)}]"
        yield from matrix_of(self._post("query", {"query": promql, "time": str(end)}), start, end)

    def _post(self, path: str, form: Mapping[str, str]) -> Any:
        return data_of(self.session.request("POST", self.url(path), data=dict(form)).content)

    def _client(self) -> PrometheusConnect:
        with self._lock:
            if self._connect is None:
                self._connect = _connected(self.access.url, self.session)
            return self._connect

    def _hear(self, content: bytes) -> None:
        """Keep the warnings of every answer; prometheus-api-client would drop them."""
        found = warnings_in(content)
        if found:
            with self._lock:
                self._warnings.update(dict.fromkeys(found))

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what prometheus-api-client makes of a bad answer into an error that says what to do."""
        from prometheus_api_client.exceptions import PrometheusApiClientException

        try:
            yield
        except (KeyError, TypeError, ValueError, RecursionError, PrometheusApiClientException) as error:
            raise UnreadableSource(
                "what answered is no Prometheus", help="Give the address that stands before /api/v1."
            ) from error


def _texts(found: Any) -> set[str]:
    """The members of a list, which some servers leave out where it is empty.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(found, list | None):
        raise TypeError("names and values come as a list")
    return {str(each) for each in found or ()}


def _connected(url: str, session: BoundedSession) -> PrometheusConnect:
    """Return a client that asks through our session; the adapter with retries of its own is taken away again."""
    from prometheus_api_client import PrometheusConnect

    adapter = session.get_adapter(url)
    client = PrometheusConnect(url=url, session=session)
    session.mount(url, adapter)
    return client

"""A session of requests that bounds whatever is asked through it: every wait, every size, every retry.

prometheus-api-client asks through it as well. That client has no timeout of its own, retries a 503 for six seconds and
reads whatever comes; none of this is left to it.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import Any, Final

import requests
from requests.auth import AuthBase

from leakdoc.errors import UnreadableSource
from leakdoc.redact import inert, without_secrets
from leakdoc.sampling.sources.prometheus.access import Access
from leakdoc.sampling.sources.prometheus.deadlines import InTime, severed_after, socket_of
from leakdoc.sampling.sources.prometheus.limits import Limits
from leakdoc.sampling.sources.prometheus.refusals import TookTooLong, TooLarge, TooMuch, refusal

_BUSY: Final = frozenset({429, 502, 503, 504})
_PIECE: Final = 65_536
_PLAIN: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")  # what OpenSSL, old and new, calls an answer in plain


class _As(AuthBase):
    """Signs requests as the access says, and keeps ~/.netrc out of it."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def __call__(self, request: Any) -> Any:
        access = self._access
        if access.bearer_token is not None:
            request.headers["Authorization"] = f"Bearer {access.bearer_token}"
        elif access.username is not None and access.password is not None:
            return requests.auth.HTTPBasicAuth(access.username, access.password)(request)
        return request


class BoundedSession(requests.Session):
    """Every request that goes through here ends in time, fits into memory, and is signed.

    Args:
        sleep: waits between attempts; seconds.
    """

    def __init__(self, access: Access, limits: Limits, *, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__()
        self._access, self._limits, self._sleep = access, limits, sleep
        self.heard: Callable[[bytes], None] | None = None  # is given every whole answer
        self.clock_ahead_s: float | None = None  # of the server's clock before this machine's, where it tells the time
        self.auth = _As(access)
        self.verify = access.ca_file or True
        if access.cert_file is not None:
            self.cert = access.cert_file if access.key_file is None else (access.cert_file, access.key_file)
        self.headers["Accept-Encoding"] = "identity" if access.is_loopback else "gzip"
        self.headers["User-Agent"] = "leakdoc"
        if access.org_id is not None:
            self.headers["X-Scope-OrgID"] = access.org_id
        pool = InTime(pool_maxsize=max(limits.at_once, 1))
        self.mount("http://", pool)
        self.mount("https://", pool)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        """Make a request and read its whole answer.

        Raises:
            UnreadableSource: the server was not reached, refused, or did not answer in time.
            TooMuch: the answer is larger than allowed, or the server says that it will not compute as much.
        """
        with self.streamed(method, url, **options) as (response, pieces):
            response._content = content = b"".join(pieces)
            response._content_consumed = True
        self.clock_ahead_s = _clock_ahead(response.headers.get("Date"))
        if self.heard is not None:
            self.heard(content)
        return response

    @contextlib.contextmanager
    def streamed(self, method: str, url: str, **options: Any) -> Iterator[tuple[requests.Response, Iterator[bytes]]]:
        """Make a request whose answer is read a piece at a time; bounds and errors are those of `request`."""
        until = time.monotonic() + self._limits.whole_s
        response = self._opened(method, url, options)
        try:
            yield response, self._pieces(response, until)
        except requests.RequestException as error:
            raise _unreached(self._access, error) from error
        finally:
            response.close()

    def _opened(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        """Return the first answer that is no refusal, attempt after attempt."""
        for attempt in range(1, self._limits.attempts + 1):
            last = attempt == self._limits.attempts
            try:
                response = self._once(method, url, options)
            except requests.RequestException as error:
                if last or not _may_pass(error):
                    raise _unreached(self._access, error) from error
                self._wait(attempt, None)
                continue
            if response.ok and not response.is_redirect:
                return response
            refused = self._refused(response)
            if last or response.status_code not in _BUSY or isinstance(refused, TooMuch):
                raise refused
            self._wait(attempt, response.headers.get("Retry-After"))
        raise AssertionError("the last attempt returns or raises")

    def _once(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        bounded = {**options, "stream": True, "allow_redirects": False}
        bounded["timeout"] = (self._limits.connect_s, self._limits.stall_s)
        bounded["auth"] = self.auth  # what a client passes may be null, which would let ~/.netrc in
        return super().request(method, url, **bounded)

    def _refused(self, response: requests.Response) -> UnreadableSource:
        body = b""
        with contextlib.suppress(requests.RequestException, UnreadableSource), contextlib.closing(response):
            body = next(self._pieces(response, time.monotonic() + self._limits.stall_s), b"")
        return refusal(response.status_code, body, response.headers)

    def _pieces(self, response: requests.Response, until: float) -> Iterator[bytes]:
        pace = _Pace(self._limits)
        with severed_after(socket_of(response), until - time.monotonic()) as severed:
            try:
                for piece in _arriving(response):
                    pace.arrived(len(piece))
                    if pace.is_stalled:
                        raise requests.ReadTimeout("what arrives is next to nothing")
                    yield piece
                    if time.monotonic() > until:
                        break
                else:
                    if not severed.is_set():
                        return
            except requests.ConnectionError:
                if not severed.is_set():
                    raise
        if pace.is_next_to_nothing:
            raise requests.ReadTimeout("what arrives is next to nothing")
        raise TookTooLong(f"an answer of Prometheus took longer than {self._limits.whole_s:.0f} s")

    def _wait(self, attempt: int, told: str | None) -> None:
        wait = self._limits.backoff_s * 2.0 ** (attempt - 1) * (0.5 + random.random())
        if told is not None and told.strip().isdigit():
            wait = max(wait, float(told))
        self._sleep(min(wait, self._limits.longest_wait_s))


class _Pace:
    """How much of an answer has arrived, in all and lately.

    Raises:
        TooMuch: by `arrived`, when it is more than is read at once.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._total = self._lately = 0
        self._since = time.monotonic()

    def arrived(self, size: int) -> None:
        """Count a piece."""
        self._total += size
        self._lately += size
        if self._total > self._limits.largest_bytes:
            raise TooLarge(f"an answer of Prometheus is larger than {self._limits.largest_bytes // 2**20} MiB")

    @property
    def is_next_to_nothing(self) -> bool:
        """Whether what came lately is a trickle, by which no server answers that means to."""
        return self._lately < self._limits.slowest_bytes_per_s * (time.monotonic() - self._since)

    @property
    def is_stalled(self) -> bool:
        """Whether there was a trickle for as long as a server may say nothing; asked after each piece."""
        if time.monotonic() - self._since < self._limits.stall_s:
            return False
        trickles = self.is_next_to_nothing
        self._since, self._lately = time.monotonic(), 0
        return trickles


def _clock_ahead(told: str | None) -> float | None:
    """How many seconds the date of an answer is ahead of this machine's clock."""
    try:
        return None if told is None else parsedate_to_datetime(told).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None


def _arriving(response: requests.Response) -> Iterator[bytes]:
    """Yield what arrives as soon as it does, so that a trickle cannot outlast its time."""
    import urllib3

    read = getattr(response.raw, "read1", None) or response.raw.read
    try:
        while piece := read(_PIECE, decode_content=True):
            yield piece
    except (urllib3.exceptions.ReadTimeoutError, TimeoutError) as error:
        raise requests.ReadTimeout(error) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise requests.ConnectionError(error) from error


def _may_pass(error: requests.RequestException) -> bool:
    """Whether the same request may succeed later: a server that restarts refuses connections for a moment."""
    certain = (requests.exceptions.SSLError, requests.exceptions.InvalidURL, requests.exceptions.ReadTimeout)
    return isinstance(error, requests.ConnectionError | requests.Timeout) and not isinstance(error, certain)


def _unreached(access: Access, error: requests.RequestException) -> UnreadableSource:
    url = inert(access.url)
    if isinstance(error, requests.exceptions.SSLError):
        if getattr(_innermost(error), "reason", None) in _PLAIN:
            return UnreadableSource(f"{url} does not speak TLS", help="Write http:// if that is meant.")
        return UnreadableSource(
            f"{url} does not identify itself as expected: {_words(error)}",
            help="Name its certificate authority with --prometheus-ca FILE, or your own with --prometheus-cert FILE.",
        )
    if isinstance(error, requests.Timeout):
        return UnreadableSource(f"{url} did not answer in time", help="Ask for less at once, or try again later.")
    return UnreadableSource(
        f"{url} cannot be reached: {_words(error)}", help="Check the address, and that the server is up."
    )


def _innermost(error: BaseException) -> Any:
    """The error that the others wrap."""
    inner: Any = error
    while True:
        args = getattr(inner, "args", ())
        deeper = getattr(inner, "reason", None) or next(
            (each for each in args if isinstance(each, BaseException)), None
        )
        if not isinstance(deeper, BaseException):
            return inner
        inner = deeper


def _words(error: BaseException) -> str:
    """The innermost words of an error of requests."""
    inner = _innermost(error)
    told = getattr(inner, "strerror", None) or str(inner).rpartition(": ")[2]
    return without_secrets(inert(str(told) or type(inner).__name__, longest=200))

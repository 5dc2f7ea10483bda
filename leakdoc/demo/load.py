"""A steady load of charges, counted exactly: one order after the other, at a fixed rate, until SIGTERM.

``python -m leakdoc.demo.load --port PORT --per-second 20`` prints its counts as one line of JSON when it ends.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from leakdoc.demo.lifeline import FLAG, end_with_parent
from leakdoc.demo.orders import card_number
from leakdoc.demo.settings import DECLINED_EACH, HOST, PER_SECOND

_RETRY_FOR_S: Final = 5.0
_RETRY_AFTER_S: Final = 0.05
_ANSWER_WITHIN_S: Final = 5.0
_OUTCOMES: Final = {HTTPStatus.OK: "ok", HTTPStatus.PAYMENT_REQUIRED: "declined"}
_COUNTED: Final = ("sent", "ok", "declined", "failed", "retried")


def main(arguments: Sequence[str]) -> int:
    """Send orders until SIGTERM or SIGINT, then print the counts."""
    options = _parser().parse_args(arguments)
    stopped = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stopped.set())
    if options.end_with_parent:
        end_with_parent()
    counts = send_orders(options.port, options.per_second, options.declined_each, stopped)
    with suppress(BrokenPipeError):  # nobody is left to read them
        os.write(1, (json.dumps({name: counts[name] for name in _COUNTED}) + "\n").encode())
    return 0


def send_orders(port: int, per_second: float, declined_each: int, stopped: threading.Event) -> Counter[str]:
    """Send one order each 1/`per_second` s; what a slow answer delays is caught up with.

    Returns:
        ``sent``, which is the sum of ``ok``, ``declined`` and ``failed``; and ``retried``, the refused connections.
    """
    counts: Counter[str] = Counter()
    begun = time.monotonic()
    while not stopped.wait(max(0.0, begun + counts["sent"] / per_second - time.monotonic())):
        counts["sent"] += 1
        counts[_send_order(port, counts, declined_each)] += 1
    return counts


def _send_order(port: int, counts: Counter[str], declined_each: int) -> str:
    number = counts["sent"]
    order = {"reference": f"order-{number}", "card": card_number(number, declined_each=declined_each), "cents": 4_200}
    give_up_at = time.monotonic() + _RETRY_FOR_S
    while True:
        try:
            return _OUTCOMES.get(_post(port, json.dumps(order)), "failed")
        except ConnectionRefusedError:  # it never reached the service, so that sending it again charges nobody twice
            if time.monotonic() > give_up_at:
                return "failed"
            counts["retried"] += 1
            time.sleep(_RETRY_AFTER_S)
        except (OSError, http.client.HTTPException):
            return "failed"


def _post(port: int, body: str) -> HTTPStatus:
    connection = http.client.HTTPConnection(HOST, port, timeout=_ANSWER_WITHIN_S)
    try:
        connection.request("POST", "/charge", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
    finally:
        connection.close()
    return HTTPStatus(response.status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m leakdoc.demo.load")
    parser.add_argument(FLAG, action="store_true", help="end when standard input does")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--per-second", type=float, default=PER_SECOND)
    parser.add_argument("--declined-each", type=int, default=DECLINED_EACH, help="every n-th card is declined")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

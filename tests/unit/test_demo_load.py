"""The demo's load counts what it sent, also when nobody answers."""

from __future__ import annotations

import socket
import threading

import pytest

from leakdoc.demo import load
from leakdoc.demo.orders import CardDeclined, Order, authorize, card_number


class StopsAfter(threading.Event):
    """Is set at the n-th time that somebody waits for it."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self._left = waits

    def wait(self, timeout: float | None = None) -> bool:
        self._left -= 1
        return self._left < 0


def test_a_refused_order_is_retried_then_counted_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_RETRY_FOR_S", 0.0)
    monkeypatch.setattr(load, "_RETRY_AFTER_S", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    counts = load.send_orders(port, 20.0, 8, StopsAfter(3))
    assert (counts["sent"], counts["failed"]) == (3, 3)


def test_an_order_that_nobody_reads_is_failed_and_never_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_ANSWER_WITHIN_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        counts = load.send_orders(silent.getsockname()[1], 20.0, 8, StopsAfter(2))
    assert (counts["sent"], counts["failed"], counts["retried"]) == (2, 2, 0)


@pytest.mark.parametrize("declined_each", [1, 2, 8])
def test_every_nth_card_is_declined(declined_each: int) -> None:
    orders = [
        Order(reference=str(number), card=card_number(number, declined_each=declined_each), cents=1)
        for number in range(1, 41)
    ]
    declined = [order for order in orders if _is_declined(order)]
    assert [int(order.reference) for order in declined] == list(range(declined_each, 41, declined_each))


def _is_declined(order: Order) -> bool:
    try:
        authorize(order)
    except CardDeclined:
        return True
    return False

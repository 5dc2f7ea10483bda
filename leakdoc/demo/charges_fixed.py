"""The charge with the fix: the connection closes on every path, and only the last failures are remembered."""

from __future__ import annotations

from collections import deque

import psycopg

from leakdoc.demo.ledger import insert_payment
from leakdoc.demo.orders import CardDeclined, Order, authorize, render_receipt

LAST_FAILURES: deque[str] = deque(maxlen=50)


def charge(dsn: str, order: Order) -> str:
    """Take a payment and return its receipt."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        receipt = render_receipt(order)
        insert_payment(connection, order)
        try:
            authorize(order)
        except CardDeclined:
            LAST_FAILURES.append(order.reference)
            raise
    return receipt

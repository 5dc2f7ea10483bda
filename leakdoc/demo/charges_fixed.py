"""The charge with the fix: the connection is given back on every path, and only the last failures are remembered."""

from __future__ import annotations

from collections import deque

from leakdoc.demo.ledger import give_back, insert_payment, take
from leakdoc.demo.orders import CardDeclined, Order, authorize, render_receipt

LAST_FAILURES: deque[str] = deque(maxlen=50)


def charge(dsn: str, order: Order) -> str:
    """Take a payment and return its receipt."""
    connection = take(dsn)
    try:
        receipt = render_receipt(order)
        insert_payment(connection, order)
        authorize(order)
    except CardDeclined:
        LAST_FAILURES.append(order.reference)
        raise
    finally:
        give_back(connection)
    return receipt

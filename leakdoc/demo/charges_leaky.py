"""The charge as it went into production: a declined card leaves its connection open, and is kept for a retry."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from leakdoc.demo.ledger import Connection, insert_payment
from leakdoc.demo.orders import CardDeclined, Order, authorize, render_receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCharge:
    """What a retry would need, had anybody written it."""

    order: Order
    receipt: str
    connection: Connection


TO_BE_RETRIED: list[FailedCharge] = []


def charge(dsn: str, order: Order) -> str:
    """Take a payment and return its receipt."""
    connection = psycopg.connect(dsn, autocommit=True)
    receipt = render_receipt(order)
    insert_payment(connection, order)
    try:
        authorize(order)
    except CardDeclined:
        TO_BE_RETRIED.append(FailedCharge(order=order, receipt=receipt, connection=connection))
        raise
    connection.close()
    return receipt

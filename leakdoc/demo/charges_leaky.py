"""The charge as it went into production: a declined card keeps its connection, for a retry."""

from __future__ import annotations

from dataclasses import dataclass

from leakdoc.demo.ledger import Connection, give_back, insert_payment, take
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
    connection = take(dsn)
    receipt = render_receipt(order)
    insert_payment(connection, order)
    try:
        authorize(order)
    except CardDeclined:
        TO_BE_RETRIED.append(FailedCharge(order=order, receipt=receipt, connection=connection))
        raise
    give_back(connection)
    return receipt

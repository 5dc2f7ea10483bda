"""The table of payments."""

from __future__ import annotations

import psycopg

from leakdoc.demo.orders import Order

Connection = psycopg.Connection[tuple[int]]


def create_table(dsn: str) -> None:
    """Make the table of payments where it does not stand yet."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "create table if not exists payments (id bigserial primary key, reference text not null, cents bigint)"
        )


def insert_payment(connection: Connection, order: Order) -> None:
    """Write one payment down."""
    connection.execute("insert into payments (reference, cents) values (%s, %s)", (order.reference, order.cents))

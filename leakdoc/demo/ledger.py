"""The table of payments, and the connections to it that are free."""

from __future__ import annotations

from typing import Final

import psycopg

from leakdoc.demo.orders import Order

Connection = psycopg.Connection[tuple[int]]

FREE: Final[list[Connection]] = []


def take(dsn: str) -> Connection:
    """Return a connection that is free, or a new one; whoever takes it gives it back."""
    while FREE:
        connection = FREE.pop()
        if not connection.closed:
            return connection
    return psycopg.connect(dsn, autocommit=True)


def give_back(connection: Connection) -> None:
    """Let the next charge have the connection."""
    FREE.append(connection)


def create_table(dsn: str) -> None:
    """Make the table of payments where it does not stand yet."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "create table if not exists payments (id bigserial primary key, reference text not null, cents bigint)"
        )


def insert_payment(connection: Connection, order: Order) -> None:
    """Write one payment down."""
    connection.execute("insert into payments (reference, cents) values (%s, %s)", (order.reference, order.cents))

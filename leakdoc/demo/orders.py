"""What both builds of the payment service share: an order, its receipt, and the bank's answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

_DECLINED_ENDING: Final = "0008"  # how the test cards of this bank end that it always declines
_TERMS: Final = "The goods remain ours until they are paid for in full. " * 900  # a shop's terms run to about 48 KiB


class CardDeclined(Exception):
    """The bank does not take this card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a customer pays for: a reference, a card's number, and an amount in cents."""

    reference: str
    card: str
    cents: int

    @classmethod
    def from_json(cls, text: bytes) -> Order:
        """Read an order; a field that is missing raises KeyError, text that is no JSON ValueError."""
        fields = json.loads(text)
        return cls(reference=str(fields["reference"]), card=str(fields["card"]), cents=int(fields["cents"]))


def card_number(number: int, *, declined_each: int) -> str:
    """Return the card of an order by its number; one in `declined_each` is a card that the bank declines."""
    return f"{number:012d}{_DECLINED_ENDING if number % declined_each == 0 else '0001'}"


def authorize(order: Order) -> None:
    """Ask the bank.

    Raises:
        CardDeclined: it does not take the card.
    """
    if order.card.endswith(_DECLINED_ENDING):
        raise CardDeclined(order.reference)


def render_receipt(order: Order) -> str:
    """Write the customer's receipt, terms of sale included: about 48 KiB."""
    return f"Receipt {order.reference}\nPaid: {order.cents / 100:.2f}\n\n{_TERMS}"

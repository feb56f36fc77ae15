"""The kinds of transactions, and which legs each has (contract, "Money")."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.db import models
from django.db.models import Q


class Account(models.TextChoices):
    """Whose account a leg is on: the client's, or one of the house's."""

    CLIENT = "client", "Client"
    CASH = "cash", "Cash"
    REVENUE = "revenue", "Revenue"
    CREDITS = "credits", "Credits"
    ADJUSTMENTS = "adjustments", "Adjustments"


class Kind(models.TextChoices):
    """What `source_id` of a transaction names: the order, payment, refund, dispute or return; for an adjustment,
    itself; for a reversal, the transaction that it reverses.
    """

    ORDER = "order", "Order"
    PAYMENT = "payment", "Payment"
    REFUND = "refund", "Refund"
    DISPUTE = "dispute", "Dispute"
    DISPUTE_WON = "dispute_won", "Dispute won"
    RETURN = "return", "Return"
    ADJUSTMENT = "adjustment", "Adjustment"
    REVERSAL = "reversal", "Reversal"


@dataclass(frozen=True, slots=True)
class Shape:
    """The house's account, and what a positive amount does to the client's balance: 1 raises it, -1 lowers it."""

    house: Account
    sign: int
    either_way: bool = False
    """Whether the amount may be negative."""


SHAPES: Mapping[Kind, Shape] = MappingProxyType(
    {
        Kind.ORDER: Shape(Account.REVENUE, -1),
        Kind.PAYMENT: Shape(Account.CASH, 1),
        Kind.REFUND: Shape(Account.CASH, -1),
        Kind.DISPUTE: Shape(Account.CASH, -1),
        Kind.DISPUTE_WON: Shape(Account.CASH, 1),
        Kind.RETURN: Shape(Account.CREDITS, 1),
        Kind.ADJUSTMENT: Shape(Account.ADJUSTMENTS, 1, either_way=True),
    }
)
"""A reversal has the shape of what it reverses, with the signs turned."""

REVERSIBLE = (Kind.PAYMENT, Kind.REFUND, Kind.DISPUTE, Kind.DISPUTE_WON, Kind.ADJUSTMENT)
"""An order stays paid and a return stays credited: they have documents. An adjustment mends what is wrong there."""


def quoted(kinds: Iterable[Kind]) -> str:
    """For a list in SQL."""
    return ", ".join(f"'{kind.value}'" for kind in kinds)


def leg_of_a_shape() -> Q:
    """That a leg's account and sign are right for its kind."""
    fits = Q(kind=Kind.REVERSAL)
    for kind, shape in SHAPES.items():
        if shape.either_way:
            fits |= Q(kind=kind, account__in=(Account.CLIENT, shape.house))
            continue
        of_client, of_house = ("amount__gt", "amount__lt") if shape.sign > 0 else ("amount__lt", "amount__gt")
        fits |= Q(("kind", kind), ("account", Account.CLIENT), (of_client, 0))
        fits |= Q(("kind", kind), ("account", shape.house), (of_house, 0))
    return fits

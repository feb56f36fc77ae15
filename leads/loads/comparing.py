"""A load beside the earlier ones of its supplier: does it look as theirs did?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Protocol

from leads.loads.models import UNKNOWN_SUPPLIER, Load, LoadOutcome

EARLIER_LOADS = 10
"""How many of a supplier's loads a new one is compared with, at most."""

FEWEST_LEADS = 100
"""With fewer leads in the earlier loads together nothing is said to be usual."""

FAR_APART = 0.10
"""A share is far from the usual one if it differs by ten percentage points or more: at starting prices, so much less
Gold takes a thirtieth off what the leads of a load bring, and nobody would call a supplier for less."""

BEYOND_CHANCE = 3.0
"""It must also differ by so many standard errors, or every load of twenty leads would be far from something: chance
alone goes so far in one of 370."""

SHARES = {
    "gold": "Gold",
    "without_phone": "without a phone number",
    "seen_before": "of persons seen before",
}
"""What is compared: counts of a load, each as a share of the leads loaded. One that is None is not known."""


class Counted(Protocol):
    """A load, or the report of one that is not kept (a dry run)."""

    @property
    def supplier(self) -> str: ...
    @property
    def loaded(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Share:
    """One of SHARES in a load, from 0 to 1, and in the earlier loads together; None where too little is known."""

    name: str
    share: float
    usual: float | None
    is_far: bool

    @property
    def label(self) -> str:
        return SHARES[self.name]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`loads` is how many earlier ones of the supplier there are, up to EARLIER_LOADS."""

    loads: int
    shares: tuple[Share, ...]

    @property
    def far(self) -> list[Share]:
        """The shares that somebody should look at."""
        return [share for share in self.shares if share.is_far]


def load_compare(load: Counted, *, before: int | None) -> Comparison:
    """Compares with the last loads of the same supplier whose number is below `before` (None: with the last ones).

    The answer for a kept load never changes, because loads stay. Loads of an unknown supplier are compared with none.
    """
    earlier = _earlier(load.supplier, before)
    if not load.loaded:
        return Comparison(len(earlier), ())
    known = [name for name in SHARES if getattr(load, name) is not None]
    return Comparison(len(earlier), tuple(_share(name, load, earlier) for name in known))


def _earlier(supplier: str, before: int | None) -> list[Load]:
    if supplier == UNKNOWN_SUPPLIER:
        return []
    loads = Load.objects.filter(supplier=supplier, outcome=LoadOutcome.LOADED).order_by("-id")
    if before is not None:
        loads = loads.filter(id__lt=before)
    return list(loads.only("supplier", "loaded", *SHARES)[:EARLIER_LOADS])


def _share(name: str, load: Counted, earlier: Sequence[Load]) -> Share:
    share = getattr(load, name) / load.loaded
    leads = sum(one.loaded for one in earlier)
    if leads < FEWEST_LEADS:
        return Share(name, share, None, is_far=False)
    usual = sum(getattr(one, name) for one in earlier) / leads
    # Of a share near 0 or 1 the estimate of chance would be none at all.
    likely = min(max(usual, 0.01), 0.99)
    chance = sqrt(likely * (1 - likely) * (1 / load.loaded + 1 / leads))
    apart = abs(share - usual)
    return Share(name, share, usual, is_far=apart >= FAR_APART and apart >= BEYOND_CHANCE * chance)

"""Who may buy what, by the contract's chapters "Person", "Withdrawal" and "Exclusion" alone.

It knows leads, withdrawals, sales and lists, and looks at all of them for each question. It knows no table in which the
shop keeps an answer: neither common keys and links, nor what is withheld or excluded.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

BUCKETS = {"MONTH_3_TO_5": 90, "MONTH_6_TO_8": 180, "MONTH_9_TO_11": 270, "MONTH_12_TO_23": 360, "MONTH_24_PLUS": 720}

MANY_BEARERS = 5


def bucket_at(created: datetime, now: datetime) -> str | None:
    """The contract's table of ages."""
    days = (now - created) // timedelta(hours=24)
    return next((name for name, first in reversed(BUCKETS.items()) if days >= first), None)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A lead: when the person called, and the keys of the two phone numbers."""

    created: datetime
    keys: frozenset[Hashable]


class Sold(NamedTuple):
    client: str
    lead: UUID
    bucket: str


class Held(NamedTuple):
    """Why nobody is sold a lead."""

    withdrawn: bool
    superseded: bool


class Reasons(NamedTuple):
    """Why a client is not sold a lead."""

    owned: bool
    listed: bool


class Stock(NamedTuple):
    """Leads that a client may buy at an instant, and those that are excluded for it: the person is owned, or listed."""

    available: set[UUID]
    owned: set[UUID]
    suppressed: set[UUID]


@dataclass(slots=True)
class Facts:
    """What has happened so far."""

    inquiries: dict[UUID, Inquiry] = field(default_factory=dict)
    withdrawals: dict[Hashable, frozenset[UUID]] = field(default_factory=dict)
    """Those that are not taken back, and the leads of each."""
    sales: set[Sold] = field(default_factory=set)
    lists: dict[Hashable, tuple[str, frozenset[Hashable]]] = field(default_factory=dict)
    """Those that live: whose each is, and its keys."""
    once_common: set[Hashable] = field(default_factory=set)
    once_linked: set[tuple[UUID, UUID]] = field(default_factory=set)
    """What was known of erased leads while they had keys."""

    def erase(self, lead: UUID) -> None:
        """The lead has no keys any more. What it was to others until now stays."""
        self.once_common |= self.common()
        for other in self.persons()[lead]:
            self.once_linked |= {(lead, other), (other, lead)}
        self.inquiries[lead] = replace(self.inquiries[lead], keys=frozenset())

    def common(self) -> set[Hashable]:
        """Keys that are nobody's."""
        borne = Counter(key for inquiry in self.inquiries.values() for key in inquiry.keys)
        return {key for key, bearers in borne.items() if bearers > MANY_BEARERS} | self.once_common

    def persons(self) -> dict[UUID, set[UUID]]:
        """The other leads of each lead's person."""
        common = self.common()
        bearers: defaultdict[Hashable, set[UUID]] = defaultdict(set)
        for lead, inquiry in self.inquiries.items():
            for key in inquiry.keys - common:
                bearers[key].add(lead)
        others: dict[UUID, set[UUID]] = {lead: set() for lead in self.inquiries}
        for together in bearers.values():
            for lead in together:
                others[lead] |= together - {lead}
        for lead, other in self.once_linked:
            others[lead].add(other)
        return others

    def withdrawn(self) -> set[UUID]:
        return set().union(*self.withdrawals.values())

    def held(self) -> dict[UUID, Held]:
        """The leads that nobody is sold: of a person's, all but the latest inquiry that is not withdrawn."""
        withdrawn = self.withdrawn()
        superseded = {
            lead
            for lead, others in self.persons().items()
            if any(self._later(other, lead) for other in others - withdrawn)
        }
        return {lead: Held(lead in withdrawn, lead in superseded) for lead in withdrawn | superseded}

    def _later(self, one: UUID, other: UUID) -> bool:
        return (self.inquiries[one].created, one) > (self.inquiries[other].created, other)

    def excluded(self, client: str) -> dict[UUID, Reasons]:
        """The leads that this client is not sold."""
        bought = {sold.lead for sold in self.sales if sold.client == client}
        own = (keys for whose, keys in self.lists.values() if whose == client)
        listed = frozenset().union(*own) - self.common()
        reasons = {
            lead: Reasons(not bought.isdisjoint({lead, *others}), not listed.isdisjoint(self.inquiries[lead].keys))
            for lead, others in self.persons().items()
        }
        return {lead: why for lead, why in reasons.items() if any(why)}

    def stock(self, client: str, now: datetime) -> Stock:
        """What is there for a client once the roll has been: each lead once in each bucket."""
        sold = {(one.lead, one.bucket) for one in self.sales}
        buckets = {lead: bucket_at(inquiry.created, now) for lead, inquiry in self.inquiries.items()}
        there = {lead for lead, bucket in buckets.items() if bucket and (lead, bucket) not in sold} - self.held().keys()
        excluded = self.excluded(client)
        owned = {lead for lead in there if lead in excluded and excluded[lead].owned}
        return Stock(there - excluded.keys(), owned, there & excluded.keys() - owned)

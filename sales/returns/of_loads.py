"""How many leads of each load were given back, and for what (contract, "Return")."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection

from sales.returns.models import ReturnReason, ReturnStatus

OF_LOADS = """
    SELECT lead.load_id, returned.status, returned.reason, count(*)
    FROM returns AS returned
    JOIN sales AS sale ON sale.id = returned.sale_id
    JOIN leads AS lead ON lead.id = sale.lead_id
    WHERE lead.load_id = ANY (%(loads)s)
    GROUP BY lead.load_id, returned.status, returned.reason
"""
"""Begins with the returns, which are few: the leads of a load have no index that a sale could be found by."""


@dataclass(slots=True)
class LoadReturns:
    """The returns of a load's leads. `reasons` counts the accepted ones."""

    accepted: int = 0
    waiting: int = 0
    refused: int = 0
    reasons: dict[ReturnReason, int] = field(default_factory=dict)

    @property
    def as_json(self) -> dict[str, object]:
        """The keys are stable."""
        reasons = {reason.value: self.reasons[reason] for reason in ReturnReason if reason in self.reasons}
        return {"accepted": self.accepted, "waiting": self.waiting, "refused": self.refused, "reasons": reasons}

    @property
    def told(self) -> str:
        """For people: `3 returned (2 Deceased, 1 Wrong person), 1 waiting`."""
        ordered = sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))
        reasons = ", ".join(f"{many:,} {reason.label}" for reason, many in ordered)
        counts = [f"{self.accepted:,} returned{f' ({reasons})' if reasons else ''}"]
        counts += [f"{many:,} {name}" for name, many in (("waiting", self.waiting), ("refused", self.refused)) if many]
        return ", ".join(counts)


def returns_of_loads(load_ids: Iterable[int]) -> dict[int, LoadReturns]:
    """The returns of each of these loads, also of those that have none."""
    found: defaultdict[int, LoadReturns] = defaultdict(LoadReturns)
    ids = list(load_ids)
    with connection.cursor() as cursor:
        cursor.execute(OF_LOADS, {"loads": ids})
        for load, status, reason, many in cursor.fetchall():
            of = found[load]
            match ReturnStatus(status):
                case ReturnStatus.ACCEPTED:
                    of.accepted += many
                    of.reasons[ReturnReason(reason)] = many
                case ReturnStatus.WAITING:
                    of.waiting += many
                case ReturnStatus.REFUSED:
                    of.refused += many
    return {load: found[load] for load in ids}

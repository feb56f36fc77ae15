from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import TextChoices

from homeshield.lib.errors import DomainError
from homeshield.lib.money import dollars
from inventory.buyer import Buyer
from inventory.facts.criteria import Criteria, Demand


class InventoryNotFound(DomainError):
    """The ids keep the order of the request."""

    code, status, title = "inventory_not_found", 404, "Leads not found"
    sentence = "There is no such inventory: {inventory_ids}."
    in_detail = ("inventory_ids",)
    inventory_ids: Sequence[UUID]


class RollInFuture(DomainError):
    code, status = "roll_in_future", 422
    sentence = (
        "Inventory cannot be generated for a future instant: its leads would be on sale too early. "
        "Use a dry run to see what will be due then."
    )


class Suggestion(TextChoices):
    """In the order in which they are offered."""

    PARTIAL = "partial", "Take what is available"
    NO_LOCATION_FILTER = "no_location_filter", "Try all states"
    DIFFERENT_AGE_BUCKET = "different_age_bucket", "Try another age"
    WHOLE_STATE = "whole_state", "Try the whole state"
    ADJACENT_COUNTY = "adjacent_county", "Try a neighboring county"
    DIFFERENT_CLASSIFICATION = "different_classification", "Try the other class"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Other criteria or another quantity for a line. Prices are in USD."""

    kind: Suggestion
    criteria: Criteria
    quantity: int
    available: int
    unit_price: Decimal
    list_price: Decimal
    """What it was before discounts."""

    @property
    def amount(self) -> Decimal:
        return self.unit_price * self.quantity


class Shortage(DomainError):
    """The line at `index` cannot be filled by any assignment (contract, "Purchase").

    `available` is what the lines filled before it leave.
    """

    code, status, title = "insufficient_inventory", 409, "Not enough leads"
    sentence = "{line.criteria.label}: {line.quantity:,} requested, {available:,} available. Nothing was bought."
    demands: Sequence[Demand]
    index: int
    available: int
    buyer: Buyer
    as_of: datetime
    alternatives: Sequence[Alternative] = ()
    line: Demand = field(init=False)

    def __post_init__(self) -> None:
        self.line = self.demands[self.index]
        super().__post_init__()

    @property
    def detail(self) -> dict[str, object]:
        """In the API's names and words."""
        several = len(self.demands) > 1
        return {
            "error": self.code,
            "requested": self.line.quantity,
            "available": self.available,
            "criteria": f"{self.line.criteria} qty={self.line.quantity}",
            "item_index": self.index if several else None,
            "is_multi_item": several,
            "alternatives": [
                {
                    "description": self._description(offer),
                    "available_count": offer.available,
                    "suggestion_type": str(offer.kind),
                }
                for offer in self.alternatives
            ],
        }

    def _description(self, offer: Alternative) -> str:
        place = offer.criteria.place_label
        there = f"({offer.available:,} available{f' in {place}' if place else ''})"
        match offer.kind:
            case Suggestion.PARTIAL:
                leads = f"{offer.available:,} available lead{'s' * (offer.available != 1)}"
                return f"Purchase {leads} ({dollars(offer.amount)})"
            case Suggestion.NO_LOCATION_FILTER if place:  # any county instead of an unknown one
                return f"Remove location filter {there}"
            case Suggestion.NO_LOCATION_FILTER:
                territory = self.line.criteria.territory
                asked = territory.label if territory else self.line.criteria.place.known.label
                return f"Remove location filter ({offer.available:,} available without {asked} filter)"
            case Suggestion.DIFFERENT_AGE_BUCKET:
                return f"Try {offer.criteria.age_bucket} age bucket {there}"
            case Suggestion.WHOLE_STATE:
                return f"Try the whole state{'s' if offer.criteria.territory else ''} {there}"
            case Suggestion.ADJACENT_COUNTY:
                return f"Try the neighboring county {there}"
            case Suggestion.DIFFERENT_CLASSIFICATION:
                return f"Try {offer.criteria.classification} {there}"

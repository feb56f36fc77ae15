"""Refusals of inventory."""

from collections.abc import Sequence
from uuid import UUID

from homeshield.lib.errors import DomainError


class InventoryNotFound(DomainError):
    """The ids are in the order of the request."""

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

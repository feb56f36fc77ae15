"""For whom inventory is looked at, counted and sold."""

from dataclasses import dataclass
from uuid import UUID

from homeshield.accounts.models import ApiKey, User


@dataclass(frozen=True, slots=True)
class Buyer:
    """What decides which records somebody may see and buy, whatever the criteria.

    Leads that the client owns from an earlier bucket are not sold to it again (contract, "Sale"). Where it is licensed
    in some states alone, the inventory of all others does not exist for it: it is not listed, counted, offered, quoted
    or sold, also not by id.
    """

    client_id: UUID | None = None
    """None for nobody in particular, who owns nothing."""
    licensed_states: frozenset[str] = frozenset()
    """Two-letter codes; empty: all states."""

    def is_licensed_in(self, state: str) -> bool:
        return not self.licensed_states or state in self.licensed_states


def buyer_of(account: User | ApiKey) -> Buyer:
    """The buyer that a user, or an API key, acts for."""
    return Buyer(account.client_id, frozenset(account.client.licensed_states) if account.client else frozenset())

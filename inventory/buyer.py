from dataclasses import dataclass
from uuid import UUID

from homeshield.accounts.models import ApiKey, User


@dataclass(frozen=True, slots=True)
class Buyer:
    """Limits what somebody may see and buy.

    A client does not buy a lead twice (contract, "Sale"). Outside its licensed states nothing exists for it, not even
    by id.
    """

    client_id: UUID | None = None
    """None if there is no client."""
    licensed_states: frozenset[str] = frozenset()
    """Two-letter codes; empty means all states."""

    def is_licensed_in(self, state: str) -> bool:
        return not self.licensed_states or state in self.licensed_states


def buyer_of(account: User | ApiKey) -> Buyer:
    """The buyer that an account acts for."""
    return Buyer(account.client_id, frozenset(account.client.licensed_states) if account.client else frozenset())

"""What a user, or a program with a key, may do for a client: one table, asked in one place, for pages and API alike.

A role says what a person of the company may do, and the company's status what any of them may do at present: both must
allow it. docs/permissions.md shows the same table to people, and a test keeps the two equal.
"""

from collections.abc import Mapping
from types import MappingProxyType

from django.db import models

from homeshield.accounts.errors import STANDING, ClientMayNotBuy, RoleMayNot, StatusForbids


class ClientStatus(models.TextChoices):
    """How a buying company stands with the shop."""

    PENDING = "pending", "Pending approval"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    CLOSED = "closed", "Closed"


class ClientRole(models.TextChoices):
    """What a user is within the own company."""

    OWNER = "owner", "Owner"
    BUYER = "buyer", "Buyer"
    VIEWER = "viewer", "Viewer"


class Act(models.TextChoices):
    """What somebody may be allowed to do for a client. Every page and every operation of the API needs one."""

    BROWSE = "browse", "Browse counts and prices"
    PREVIEW = "preview", "Preview leads: first name and city"
    DRAFT = "draft", "Build orders"
    BUY = "buy", "Buy"
    ORDERS = "orders", "See the company's orders"
    LEADS = "leads", "See purchased leads in full"
    DOWNLOAD = "download", "Download purchased leads"
    KEYS = "keys", "See and revoke API keys"
    KEY_MAKE = "key_make", "Create API keys"
    TEAM = "team", "Change and remove users"
    INVITE = "invite", "Invite users"
    CALL = "call", "Call the API"


_LOOK = frozenset({Act.BROWSE, Act.PREVIEW, Act.ORDERS})
_TRADE = _LOOK | {Act.DRAFT, Act.BUY, Act.LEADS, Act.DOWNLOAD}

ROLE_MAY: Mapping[ClientRole, frozenset[Act]] = MappingProxyType(
    {
        ClientRole.OWNER: _TRADE | {Act.KEYS, Act.KEY_MAKE, Act.TEAM, Act.INVITE},
        ClientRole.BUYER: _TRADE,
        ClientRole.VIEWER: _LOOK,
    }
)

KEY_MAY: frozenset[Act] = _TRADE | {Act.CALL}
"""A program does what a buyer does, whoever made its key."""

STATUS_MAY: Mapping[ClientStatus, frozenset[Act]] = MappingProxyType(
    {
        ClientStatus.PENDING: frozenset({Act.BROWSE, Act.DRAFT, Act.ORDERS, Act.KEYS, Act.TEAM, Act.CALL}),
        ClientStatus.ACTIVE: frozenset(Act),
        # Its keys are refused, and serve again once it is active. An owner who does not want that revokes them.
        ClientStatus.SUSPENDED: frozenset({Act.ORDERS, Act.KEYS}),
        ClientStatus.CLOSED: frozenset(),
    }
)


def allowed(*, granted: frozenset[Act], status: str) -> frozenset[Act]:
    """What of `granted` (a role's acts, or a key's) a client of this status may do at present."""
    return granted & STATUS_MAY[ClientStatus(status)]


def require(act: Act, *, granted: frozenset[Act], status: str) -> None:
    """Raises RoleMayNot where it was not granted, StatusForbids where the client's status is in the way."""
    require_role(act, granted=granted)
    require_status(act, status=status)


def require_role(act: Act, *, granted: frozenset[Act]) -> None:
    """Raises RoleMayNot where it was not granted."""
    if act not in granted:
        buyers_may = act in ROLE_MAY[ClientRole.BUYER]
        raise RoleMayNot(
            who="Viewers" if buyers_may else "Buyers and Viewers",
            act=f"{act.label[0].lower()}{act.label[1:]}",
            role=str((ClientRole.BUYER if buyers_may else ClientRole.OWNER).label),
        )


def require_status(act: Act, *, status: str) -> None:
    """Raises StatusForbids (ClientMayNotBuy for a purchase) if the client's status does not allow it, whoever asks."""
    if act not in STATUS_MAY[ClientStatus(status)]:
        refusal = ClientMayNotBuy if act is Act.BUY else StatusForbids
        raise refusal(standing=STANDING[status])

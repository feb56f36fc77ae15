"""What a user or a key may do for a client: both role and status must allow it.

A test keeps docs/permissions.md equal.
"""

from collections.abc import Mapping
from types import MappingProxyType

from django.db import models

from homeshield.accounts.errors import STANDING, ClientMayNotBuy, RoleMayNot, StatusForbids


class ClientStatus(models.TextChoices):
    PENDING = "pending", "Pending approval"
    ACTIVE = "active", "Active"
    SUSPENDED = "suspended", "Suspended"
    CLOSED = "closed", "Closed"


class ClientRole(models.TextChoices):
    OWNER = "owner", "Owner"
    BUYER = "buyer", "Buyer"
    VIEWER = "viewer", "Viewer"


class Act(models.TextChoices):
    """Every page and API operation requires one."""

    BROWSE = "browse", "Browse counts and prices"
    PREVIEW = "preview", "Preview leads, without contact details"
    DRAFT = "draft", "Build orders"
    BUY = "buy", "Buy"
    ORDERS = "orders", "See the company's orders"
    LEADS = "leads", "See purchased leads in full"
    DOWNLOAD = "download", "Download purchased leads"
    LISTS = "lists", "Manage suppression lists"
    NOTICES = "notices", "See and confirm opt-out notices"
    BALANCE = "balance", "See the balance"
    RETURN = "return", "Return leads"
    PAY_IN = "pay_in", "Pay in"
    DOCUMENTS = "documents", "See invoices and statements"
    BUDGETS = "budgets", "Set budgets"
    KEYS = "keys", "See and revoke API keys"
    KEY_MAKE = "key_make", "Create API keys"
    TEAM = "team", "Change and remove users"
    INVITE = "invite", "Invite users"
    CALL = "call", "Call the API"


_LOOK = frozenset({Act.BROWSE, Act.PREVIEW, Act.ORDERS})
_TRADE = _LOOK | {Act.DRAFT, Act.BUY, Act.LEADS, Act.DOWNLOAD, Act.LISTS, Act.NOTICES, Act.BALANCE, Act.RETURN}
_OWN = {Act.PAY_IN, Act.DOCUMENTS, Act.BUDGETS, Act.KEYS, Act.KEY_MAKE, Act.TEAM, Act.INVITE}

ROLE_MAY: Mapping[ClientRole, frozenset[Act]] = MappingProxyType(
    {
        ClientRole.OWNER: _TRADE | _OWN,
        ClientRole.BUYER: _TRADE,
        ClientRole.VIEWER: _LOOK,
    }
)

KEY_MAY: frozenset[Act] = _TRADE | {Act.CALL}
"""Whoever created the key."""

STATUS_MAY: Mapping[ClientStatus, frozenset[Act]] = MappingProxyType(
    {
        ClientStatus.PENDING: frozenset(
            {Act.BROWSE, Act.DRAFT, Act.ORDERS, Act.NOTICES, Act.BALANCE, Act.DOCUMENTS, Act.KEYS, Act.TEAM, Act.CALL}
        ),
        ClientStatus.ACTIVE: frozenset(Act),
        # Its keys work again later. An owner who does not want that revokes them. It must still know whom not to call.
        ClientStatus.SUSPENDED: frozenset({Act.ORDERS, Act.NOTICES, Act.BALANCE, Act.DOCUMENTS, Act.KEYS}),
        ClientStatus.CLOSED: frozenset(),
    }
)


def allowed(*, granted: frozenset[Act], status: str) -> frozenset[Act]:
    """Returns what the client's status allows of `granted`."""
    return granted & STATUS_MAY[ClientStatus(status)]


def require(act: Act, *, granted: frozenset[Act], status: str) -> None:
    """Raises RoleMayNot, StatusForbids."""
    require_role(act, granted=granted)
    require_status(act, status=status)


def require_role(act: Act, *, granted: frozenset[Act]) -> None:
    """Raises RoleMayNot."""
    if act not in granted:
        buyers_may = act in ROLE_MAY[ClientRole.BUYER]
        raise RoleMayNot(
            who="Viewers" if buyers_may else "Buyers and Viewers",
            act=f"{act.label[0].lower()}{act.label[1:]}",
            role=str((ClientRole.BUYER if buyers_may else ClientRole.OWNER).label),
        )


def require_status(act: Act, *, status: str) -> None:
    """Raises StatusForbids, ClientMayNotBuy."""
    if act not in STATUS_MAY[ClientStatus(status)]:
        refusal = ClientMayNotBuy if act is Act.BUY else StatusForbids
        raise refusal(standing=STANDING[status])

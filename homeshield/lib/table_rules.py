"""What the web's role may do with a table, and which rows it sees.

Models declare it as `table_rules`; `manage.py provision_roles` applies it (docs/decisions/0015).
"""

from dataclasses import dataclass
from typing import Literal

type Privileges = tuple[str, ...]
"""GRANT verbs, for the table or for columns: `UPDATE (sold_at_utc)`."""

READ: Privileges = ("SELECT",)
APPEND: Privileges = ("SELECT", "INSERT")
CHANGE: Privileges = ("SELECT", "INSERT", "UPDATE")
KEEP: Privileges = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Policy:
    """Rows that the web's role may see (`using`) or write (`check`). Policies add up."""

    name: str
    command: Literal["ALL", "SELECT", "INSERT", "UPDATE", "DELETE"] = "ALL"
    using: str = ""
    check: str = ""


CLIENT = "(SELECT nullif(current_setting('homeshield.client', true), '')::uuid)"
"""From homeshield/lib/viewer.py. PostgreSQL evaluates a sub-select once per statement."""

OF_OWN = f"client_id = {CLIENT}"
OWN_CLIENT = Policy("own_client", using=OF_OWN)
OWN_CLIENT_SEES = Policy("own_client", "SELECT", using=OF_OWN)
STAFF = "(SELECT current_setting('homeshield.staff', true) = 'on')"
STAFF_LOOKS = Policy("staff_looks", "SELECT", using=STAFF)


@dataclass(frozen=True, slots=True)
class OwnerFunction:
    """Runs as the tables' owner and so sees all rows. Everybody may call it, unless `owner_alone`. One that `writes`
    is not STABLE."""

    signature: str
    """Types only: `existing_sales(uuid[])`. The body uses $1, $2."""
    returns: str
    body: str
    writes: bool = False
    owner_alone: bool = False


@dataclass(frozen=True, slots=True)
class OwnerView:
    """Runs as the tables' owner and so shows the web's role all rows."""

    name: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRules:
    """Without policies the web's role sees all rows.

    After the last policy goes, row security stays on and hides everything: a migration must switch it off.
    """

    web_may: Privileges
    policies: tuple[Policy, ...] = ()
    functions: tuple[OwnerFunction, ...] = ()
    views: tuple[OwnerView, ...] = ()

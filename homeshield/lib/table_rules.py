"""What stands beside a table's columns in the database: what the web's role may do with it, and which rows it sees.

Each model says it as `table_rules`. `manage.py provision_roles` applies and checks it (docs/decisions/0015).
"""

from dataclasses import dataclass
from typing import Literal

type Privileges = tuple[str, ...]
"""Verbs of GRANT, each for the whole table or for some columns: `UPDATE (sold_at_utc)`."""

READ: Privileges = ("SELECT",)
APPEND: Privileges = ("SELECT", "INSERT")
CHANGE: Privileges = ("SELECT", "INSERT", "UPDATE")
KEEP: Privileges = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Policy:
    """Rows that the web's role may see (`using`) or write (`check`). Several policies on one table add up."""

    name: str
    command: Literal["ALL", "SELECT", "INSERT", "UPDATE", "DELETE"] = "ALL"
    using: str = ""
    check: str = ""


CLIENT = "(SELECT nullif(current_setting('homeshield.client', true), '')::uuid)"
"""The client that looks (homeshield/lib/viewer.py). PostgreSQL evaluates a sub-select once for a statement."""

OWN_CLIENT = Policy("own_client", using=f"client_id = {CLIENT}")
STAFF_LOOKS = Policy("staff_looks", "SELECT", using="(SELECT current_setting('homeshield.staff', true) = 'on')")


@dataclass(frozen=True, slots=True)
class OwnerFunction:
    """A function in SQL that acts as the owner of the tables and so sees every row."""

    signature: str
    """With types alone, as in `existing_sales(uuid[])`; the body calls them $1, $2."""
    returns: str
    body: str


@dataclass(frozen=True, slots=True)
class OwnerView:
    """A view that acts as the owner of the tables and so shows every row. The web's role may read it."""

    name: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRules:
    """A table without policies shows the web's role all rows; with some, it shows what they allow.

    Row security stays on when the last policy goes, and then nothing is shown: a migration must switch it off.
    """

    web_may: Privileges
    policies: tuple[Policy, ...] = ()
    functions: tuple[OwnerFunction, ...] = ()
    views: tuple[OwnerView, ...] = ()

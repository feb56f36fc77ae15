"""Leads whose next record the database refuses."""

from collections.abc import Callable
from uuid import UUID

from django.db import connection

from leads.models import Lead

SECRET = "Secretname"


def by_constraint(lead: Lead) -> None:
    _execute(f"ALTER TABLE inventory ADD CONSTRAINT poisoned_{lead.id.hex} CHECK (lead_id <> '{lead.id}') NOT VALID")


def by_trigger(lead: Lead) -> None:
    """Whose message repeats what no log may hold."""
    name = f"poisoned_{lead.id.hex}"
    _execute(
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'lead of {SECRET} is refused'; END $$;
        CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON inventory
            FOR EACH ROW WHEN (NEW.lead_id = '{lead.id}') EXECUTE FUNCTION {name}();
        """
    )


POISONS: list[Callable[[Lead], None]] = [by_constraint, by_trigger]


def cure(lead_id: UUID) -> None:
    name = f"poisoned_{lead_id.hex}"
    _execute(f"ALTER TABLE inventory DROP CONSTRAINT IF EXISTS {name}")
    _execute(f"DROP TRIGGER IF EXISTS {name} ON inventory")
    _execute(f"DROP FUNCTION IF EXISTS {name}()")


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or its events would stand in the way of ALTER TABLE
        cursor.execute(statement)

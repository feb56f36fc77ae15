"""The triggers that keep `withheld_leads` right, and its copy on the open records of inventory."""

import pgtrigger

from homeshield.lib.triggers import OwnerTrigger
from inventory.withholding.statements import AWAIT_RELEASED, CLOSE_RELEASED, OPEN_RELEASED, RELEASE, WITHHOLD

_TOUCHED = "unnest(touched_ids) AS touched (lead_id)"
_RELEASED = "unnest(released_ids) AS released (lead_id)"

_RECOMPUTE = f"""
    -- The leads that the act names, and those of their persons: one that stood behind them may be on sale now.
    SELECT array_agg(lead_id) INTO touched_ids
    FROM (
        SELECT lead_id FROM unnest(named_ids) AS named (lead_id)
        UNION
        SELECT link.other_id
        FROM unnest(named_ids) AS named (lead_id) JOIN person_links link ON link.lead_id = named.lead_id
    ) AS of_persons;
    {WITHHOLD.format(touched=_TOUCHED)};
    WITH gone AS ({RELEASE.format(touched=_TOUCHED)})
    SELECT array_agg(lead_id) INTO released_ids FROM gone;
    IF released_ids IS NOT NULL THEN
        {CLOSE_RELEASED.format(released=_RELEASED, as_of="instant")};
        {OPEN_RELEASED.format(released=_RELEASED, as_of="instant")};
        {AWAIT_RELEASED.format(released=_RELEASED, as_of="instant")};
    END IF;
    RETURN NULL;
"""  # noqa: S608 - the text is ours

_DECLARED = [("named_ids", "uuid[]"), ("touched_ids", "uuid[]"), ("released_ids", "uuid[]"), ("instant", "timestamptz")]


def withdrawn_trigger() -> pgtrigger.Trigger:
    """On withdrawn_leads: from this statement on they are withheld, and others of their persons may be on sale."""
    return OwnerTrigger(
        name="withdrawn_leads_are_withheld",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=_DECLARED,
        func=f"""
            SELECT array_agg(lead_id) INTO named_ids FROM new_rows;
            SELECT max(withdrawn_at_utc) INTO instant
            FROM withdrawals WHERE id IN (SELECT withdrawal_id FROM new_rows);
            {_RECOMPUTE}
        """,  # noqa: S608
    )


def taken_back_trigger() -> pgtrigger.Trigger:
    """On withdrawals_taken_back: from this statement on its leads are on sale, unless something else withholds them."""
    return OwnerTrigger(
        name="leads_taken_back_are_released",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=_DECLARED,
        func=f"""
            SELECT array_agg(lead_id) INTO named_ids
            FROM withdrawn_leads WHERE withdrawal_id IN (SELECT withdrawal_id FROM new_rows);
            SELECT max(taken_back_at_utc) INTO instant FROM new_rows;
            {_RECOMPUTE}
        """,  # noqa: S608
    )


def withheld_triggers() -> list[pgtrigger.Trigger]:
    """On withheld_leads: the copy on records that are neither sold nor closed.

    A record that an order holds is waited for. It is sold then, and stays so; or it is not, and is withheld.
    """
    return [
        _copy("inventory_is_withheld", pgtrigger.Insert, "true", new="moved"),
        _copy("inventory_is_released", pgtrigger.Delete, "false", old="moved"),
    ]


def _copy(name: str, operation: pgtrigger.Operation, withheld: str, **rows: str) -> pgtrigger.Trigger:
    return OwnerTrigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**rows),
        func=f"""
            UPDATE inventory SET withheld = {withheld}
            WHERE lead_id IN (SELECT lead_id FROM moved)
              AND sold_at_utc IS NULL AND lapsed_at_utc IS NULL AND withheld <> {withheld};
            RETURN NULL;
        """,  # noqa: S608
    )

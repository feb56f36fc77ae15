"""What an opt-out does, for one key or for a piece of a list: set by set, in one transaction, under the persons' lock.

Every lead with the key is withdrawn, so no quote, list, count or replacement has it. Every client that bought one is
told. Where the person asks for it, the leads are erased (contract, "Opt-out").
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from homeshield.lib.ids import new_id
from homeshield.lib.sql_arrays import array_text
from inventory.exclusion.erased import exclusions_of_erased
from inventory.withholding.models import Reason
from inventory.withholding.services import keys_withdraw
from sales.privacy.models import Asked

_LEADS = """
    SELECT lead.id, given.key
    FROM unnest(%(keys)s::uuid[]) AS given (key)
    CROSS JOIN LATERAL (
        SELECT id FROM leads WHERE phone_key = given.key
        UNION ALL
        SELECT id FROM leads WHERE call_in_key = given.key
        OFFSET 0
    ) AS lead
"""
"""One look-up in each of two indexes for each key. OFFSET 0 keeps it so: ten million leads are not read for a piece."""

_COMMON = "SELECT key FROM common_keys WHERE key = ANY (%(keys)s::uuid[])"

_TELL = """
    INSERT INTO notices (id, client_id, sale_id, opt_out_id, asks, told_at_utc)
    SELECT (left(%(like)s::text, 15) || right(gen_random_uuid()::text, 21))::uuid, sale.client_id, sale.id,
           given.opt_out_id, %(asks)s, %(as_of)s
    FROM unnest(%(leads)s::uuid[], %(opt_outs)s::uuid[]) AS given (lead_id, opt_out_id)
    JOIN inventory record ON record.lead_id = given.lead_id AND record.sold_at_utc IS NOT NULL
    JOIN sales sale ON sale.inventory_id = record.id
    ON CONFLICT (sale_id, asks) DO NOTHING
    RETURNING client_id
"""
"""Sales are found by the records of the lead, which have an index. The ids tell the instant of %(like)s."""


@dataclass(slots=True)
class CarriedOut:
    """What was done: which leads were withdrawn, and which clients were told of how many sales."""

    told: Counter[UUID] = field(default_factory=Counter)
    withdrawn: list[UUID] = field(default_factory=list)


def common_among(keys: Iterable[UUID]) -> set[UUID]:
    """Those of the keys that are nobody's: an opt-out for one waits for staff (contract, "Person")."""
    with connection.cursor() as cursor:
        cursor.execute(_COMMON, {"keys": array_text(keys)})
        return {key for (key,) in cursor.fetchall()}


def leads_of(keys: Iterable[UUID]) -> list[tuple[UUID, UUID]]:
    """The leads that bear one of the keys, each with that key."""
    with connection.cursor() as cursor:
        cursor.execute(_LEADS, {"keys": array_text(keys)})
        found: list[tuple[UUID, UUID]] = cursor.fetchall()
        return found


def opt_outs_carry_out(
    found: Sequence[tuple[UUID, UUID]],
    opt_outs: Mapping[UUID, UUID],
    *,
    wants_erasure: bool,
    note: str,
    by_id: UUID | None = None,
    as_of: datetime,
) -> CarriedOut:
    """Withdraws the leads that `leads_of` found, and tells their buyers. `opt_outs` has the id of each key's row in the
    register.

    To be called in a transaction that holds the lock of persons, once the rows are there. Erasing is not done here.
    """
    done = CarriedOut(withdrawn=sorted({lead for lead, _ in found}))
    if done.withdrawn:
        reason = Reason.ERASED if wants_erasure else Reason.OPT_OUT
        keys_withdraw(keys={key for _, key in found}, reason=reason, note=note, by_id=by_id, as_of=as_of)
        asks = Asked.DELETE if wants_erasure else Asked.STOP
        done.told = _tell(found, opt_outs, asks=asks, as_of=as_of)
    return done


_EMPTY_NOTES = """
    UPDATE returns SET note = ''
    FROM inventory AS record JOIN sales AS sale ON sale.inventory_id = record.id
    WHERE record.lead_id = ANY (%(leads)s::uuid[]) AND returns.sale_id = sale.id AND returns.note <> ''
"""


def leads_erase(lead_ids: Sequence[UUID], *, as_of: datetime) -> int:
    """Erases these leads, once, forgets on whose lists they are, and empties what buyers noted when they returned them.
    Only the owner of the tables may, under the lock of persons. Returns how many there were to erase."""
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY_NOTES, {"leads": array_text(lead_ids)})
        cursor.execute("SELECT * FROM erase_leads(%s::uuid[], %s)", [array_text(lead_ids), as_of])
        erased = [lead for (lead,) in cursor.fetchall()]
    exclusions_of_erased(erased)
    return len(erased)


def _tell(
    found: Sequence[tuple[UUID, UUID]], opt_outs: Mapping[UUID, UUID], *, asks: Asked, as_of: datetime
) -> Counter[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            _TELL,
            {
                "like": str(new_id()),
                "leads": array_text(lead for lead, _ in found),
                "opt_outs": array_text(opt_outs[key] for _, key in found),
                "asks": asks.value,
                "as_of": as_of,
            },
        )
        return Counter(client_id for (client_id,) in cursor.fetchall())

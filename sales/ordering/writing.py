import json
from collections.abc import Sequence

from django.db import connection

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import RECORDING, audit_parameters
from homeshield.billing.documents.facts import DocumentKind, InvoiceContents, Line
from homeshield.billing.documents.issuing import issuing_parameters
from homeshield.billing.ledger.kinds import Kind
from homeshield.billing.ledger.services import ledger_parameters
from homeshield.billing.ledger.statements import LEGS, TRANSACTION
from homeshield.lib.ids import new_id
from homeshield.lib.sql_arrays import array_text
from inventory.allocation.services import Filled
from inventory.facts.criteria import Criteria
from sales.invoicing.contents import invoice_line
from sales.invoicing.services import INVOICING
from sales.models import Order
from sales.ordering.baskets import PricedLine

WRITE = """
    WITH placed AS (
        INSERT INTO orders (id, client_id, placed_by_id, api_key_id, placed_at_utc, quantity, total, currency, quote_id,
                            idempotency_key, request_digest)
        VALUES (%(order)s, %(client)s, %(user)s, %(api_key)s, %(as_of)s, %(quantity)s, %(total)s, %(currency)s,
                %(quote)s, %(key)s, %(digest)s)
    ), line AS (
        SELECT * FROM jsonb_to_recordset(%(lines)s::jsonb)
                          AS line (id uuid, number smallint, classification text, age_bucket text, state text,
                                   county text, quantity smallint, unit_price numeric, list_price numeric,
                                   discount uuid, replaced smallint, territory smallint, territory_label text)
    ), written AS (
        INSERT INTO order_lines (id, order_id, number, classification, age_bucket, state, county, quantity, unit_price,
                                 list_price, discount_id, amount, replaced, territory, territory_label)
        SELECT id, %(order)s, number, classification, age_bucket, state, county, quantity, unit_price, list_price,
               discount, unit_price * quantity, replaced, territory, territory_label
        FROM line
    ), marked AS (
        UPDATE inventory SET sold_at_utc = %(as_of)s WHERE id = ANY (%(inventory_ids)s::uuid[])
    )
    INSERT INTO sales (id, order_id, line_number, inventory_id, lead_id, client_id, age_bucket, purchase_price,
                       list_price, currency, sold_at_utc)
    SELECT picked.id, %(order)s, line.number, picked.inventory_id, picked.lead_id, %(client)s, line.age_bucket,
           line.unit_price, line.list_price, %(currency)s, %(as_of)s
    FROM unnest(%(ids)s::uuid[], %(inventory_ids)s::uuid[], %(lead_ids)s::uuid[], %(line_numbers)s::smallint[])
             AS picked (id, inventory_id, lead_id, number)
    JOIN line ON line.number = picked.number
"""
"""Four Django statements cost twice as much for one lead, and for a thousand more than everything else
(docs/performance.md). No RETURNING: row security would have to show the lines, whose order is not visible yet.
"""

PAYING = f"""
    {TRANSACTION.format(reference="(SELECT '#' || number FROM orders WHERE id = %(ledger_source)s)")};
    {LEGS}
"""  # noqa: S608 - the text is ours
"""After all else, because it locks the client's account until the commit."""

NUMBER = "SELECT number FROM orders WHERE id = %(order)s"


def order_write(*, order: Order, lines: Sequence[PricedLine], filled: Sequence[Filled]) -> None:
    """Writes an order, its audit event, its invoice and its payment in one message, and gives the order its number.

    What was filled become the order's lines: of a territory, one for each place that gives something.
    """
    sold = [(number, record) for number, got in enumerate(filled, 1) for record in got.records]
    parameters = {
        "order": order.id,
        "client": order.client_id,
        "user": order.placed_by_id,
        "api_key": order.api_key_id,
        "as_of": order.placed_at_utc,
        "quantity": order.quantity,
        "total": order.total,
        "currency": order.currency,
        "quote": order.quote_id,
        "key": order.idempotency_key,
        "digest": order.request_digest,
        "lines": json.dumps([_row(number, lines[got.line], got) for number, got in enumerate(filled, 1)]),
        "ids": array_text(new_id() for _ in sold),
        "inventory_ids": array_text(record.inventory_id for _, record in sold),
        "lead_ids": array_text(record.lead_id for _, record in sold),
        "line_numbers": array_text(number for number, _ in sold),
    }
    event = audit_parameters(
        action=AuditAction.PURCHASE,
        obj=order,
        client_id=order.client_id,
        details={"leads": order.quantity, "lines": len(filled), "total": order.total, "currency": order.currency},
        as_of=order.placed_at_utc,
    )
    invoice = issuing_parameters(
        kind=DocumentKind.INVOICE,
        client_id=order.client_id,
        source_id=order.id,
        total=order.total,
        contents=_invoiced(order, lines, filled),
        as_of=order.placed_at_utc,
    )
    statements = [WRITE, RECORDING, INVOICING]
    if order.total:
        parameters |= ledger_parameters(
            kind=Kind.ORDER,
            client_id=order.client_id,
            source_id=order.id,
            amount=order.total,
            as_of=order.placed_at_utc,
            entered_by_id=order.placed_by_id,
            api_key_id=order.api_key_id,
        )
        statements.append(PAYING)
    with connection.cursor() as cursor:
        cursor.execute("; ".join([*statements, NUMBER]), parameters | event | invoice)
        while cursor.nextset():
            pass
        [order.number] = cursor.fetchone()


def _invoiced(order: Order, lines: Sequence[PricedLine], filled: Sequence[Filled]) -> InvoiceContents:
    return InvoiceContents(
        placed_at_utc=order.placed_at_utc,
        lines=tuple(_invoiced_line(lines[got.line], got) for got in filled),
    )


def _invoiced_line(line: PricedLine, got: Filled) -> Line:
    territory = line.demand.criteria.territory
    return invoice_line(
        text=_known(got).label, quantity=got.demand.quantity, list_price=line.price.list_price,
        unit_price=line.price.unit_price, replaced=got.replaced, territory=territory.label if territory else "",
    )  # fmt: skip


def _known(got: Filled) -> Criteria:
    criteria = got.demand.criteria
    return criteria.at(criteria.place.known)


def _row(number: int, line: PricedLine, got: Filled) -> dict[str, str | int | None]:
    territory = line.demand.criteria.territory
    return {
        "id": str(new_id()),
        "number": number,
        **_known(got).as_filter(),
        "quantity": got.demand.quantity,
        "unit_price": str(line.price.unit_price),
        "list_price": str(line.price.list_price),
        "discount": str(line.price.discount.id) if line.price.discount else None,
        "replaced": got.replaced,
        "territory": got.line + 1 if territory else None,
        "territory_label": territory.label if territory else "",
    }

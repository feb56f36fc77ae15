"""The certificate of an order: what each of its leads was when it was sold, signed."""

from datetime import UTC, datetime
from typing import Any

from homeshield.lib.signing import public_key, signed
from sales.history.origins import Origin, origins_of
from sales.models import Order, Sale

KIND = "HomeShield certificate of an order"
VERSION = 1


def certificate(order: Order, *, as_of: datetime) -> bytes:
    """The signed certificate as a file, as of now. It names nobody: leads stand there by their ids."""
    sales = list(order.sales.order_by("line_number", "id"))
    origins = origins_of([sale.id for sale in sales])
    return signed(
        {
            "kind": KIND,
            "version": VERSION,
            "issued_at": _instant(as_of),
            "public_key": public_key(),
            "order": {
                "order_id": str(order.id),
                "placed_at": _instant(order.placed_at_utc),
                "company_id": str(order.client_id),
                "company": order.client.name,
                "quantity": order.quantity,
            },
            "leads": [_lead(sale, origins[sale.id]) for sale in sales],
        }
    )


def _lead(sale: Sale, origin: Origin) -> dict[str, Any]:
    return {
        "sale_id": str(sale.id),
        "lead_id": str(sale.lead_id),
        "age_bucket": sale.age_bucket,
        "loaded_at": _instant(origin.loaded_at_utc),
        "supplier": origin.supplier,
        "sold_before": origin.sold_before,
        "exclusive_until": _instant(origin.exclusive_until_utc) if origin.exclusive_until_utc else None,
    }


def _instant(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

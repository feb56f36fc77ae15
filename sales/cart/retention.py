"""Carts that nobody touched for long."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from homeshield.lib.ids import first_id_at
from homeshield.lib.retention import Kept
from sales.cart.models import Draft, DraftLine


def _abandoned(before: datetime) -> QuerySet[Draft]:
    """Carts that were begun before an instant, and got no line since. Keys tell when they were made."""
    first = first_id_at(before)
    newer = DraftLine.objects.filter(draft=OuterRef("pk"), id__gte=first)
    return Draft.objects.filter(~Exists(newer), id__lt=first)


KEPT = (
    Kept(what="Carts without a change", days=180, count=lambda before: _abandoned(before).count(),
         remove=lambda before: _abandoned(before).delete()[1].get("sales.Draft", 0)),
)  # fmt: skip

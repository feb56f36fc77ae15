from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from inventory.facts.criteria import Cell
from inventory.models import InventoryRecord, WithheldLead, YoungLead
from leads.age import AgeBucket
from leads.classification import Classification
from leads.models import Lead


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryStatus:
    """Counts records, but leads for `leads`, `too_young`, `withdrawn` and `superseded`.

    `due` awaits the next roll. Withdrawn leads do not count as superseded.
    """

    as_of: datetime
    leads: int
    sellable: int
    sold: int
    lapsed: int
    too_young: int
    due: int
    withdrawn: int
    superseded: int
    cells: dict[Cell, int]
    states: dict[str, int]


def inventory_status(*, as_of: datetime) -> InventoryStatus:
    """Reads whole tables: for the command line only."""
    unsold = Q(sold_at_utc__isnull=True)
    over = Q(expires_at_utc__lte=as_of)
    totals = InventoryRecord.objects.aggregate(
        sold=Count("id", filter=~unsold),
        lapsed=Count("id", filter=unsold & over),
        due=Count("id", filter=over & Q(lapsed_at_utc__isnull=True, withheld=False)),
    )
    sellable = InventoryRecord.objects.sellable(as_of).order_by()
    cells = {(Classification(c), AgeBucket(b)): 0 for c in Classification for b in AgeBucket}
    for classification, bucket, count in sellable.values_list("classification", "age_bucket").annotate(n=Count("*")):
        cells[Classification(classification), AgeBucket(bucket)] = count
    young = YoungLead.objects.aggregate(
        still=Count("lead_id", filter=Q(enters_at_utc__gt=as_of)),
        due=Count("lead_id", filter=Q(enters_at_utc__lte=as_of)),
    )
    held = WithheldLead.objects.aggregate(
        all=Count("lead_id"), withdrawn_now=Count("lead_id", filter=Q(withdrawn=True))
    )
    return InventoryStatus(
        as_of=as_of,
        leads=Lead.objects.count(),
        sellable=sum(cells.values()),
        sold=totals["sold"],
        lapsed=totals["lapsed"],
        too_young=young["still"],
        due=totals["due"] + young["due"],
        withdrawn=held["withdrawn_now"],
        superseded=held["all"] - held["withdrawn_now"],
        cells=cells,
        states=dict(sellable.values_list("state").annotate(n=Count("*")).order_by("state")),
    )

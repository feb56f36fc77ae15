"""A lead has the Census Bureau's county name, or the file's text if that matched none."""

from inventory.facts.columns import OPEN
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import match_county

LONGEST_COUNTY = 2_700
"""In characters. Older leads may have longer ones, but no index holds more bytes."""

_LONGEST_NAME = 100  # in any spelling; do not cache matches of longer texts


def county_meant(state: str, text: str) -> str | None:
    """The county as the state's leads have it, or None.

    Stock under exactly this text goes first: filters offer it, even after the list of spellings has grown.
    """
    known = match_county(state, text) if len(text) <= _LONGEST_NAME else None
    if known != text and _has_stock(state, text):
        return text
    return known


def _has_stock(state: str, county: str) -> bool:
    """Names class and bucket, with which the index begins."""
    return (
        InventoryRecord.objects.filter(OPEN, state=state, county=county)
        .filter(classification__in=Classification.values, age_bucket__in=AgeBucket.values)
        .exists()
    )

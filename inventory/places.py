"""Which county a buyer means. A lead carries the Census's name, or what its file said where that matched none."""

from inventory.models import OPEN, InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import match_county

LONGEST_COUNTY = 2_700
"""In characters. Leads from before counties had a bound may be longer than it, but the indexes hold no more bytes."""

_LONGEST_NAME = 100  # of the Census's names, in any spelling; what is longer is not worth the memory of a match


def county_meant(state: str, text: str) -> str | None:
    """The county of a state as its leads carry it; None where there is none of that name.

    What is in stock under exactly this text goes first: it is what a filter offers, also where the Census's list of
    spellings has grown since the lead was loaded.
    """
    known = match_county(state, text) if len(text) <= _LONGEST_NAME else None
    if known != text and _has_stock(state, text):
        return text
    return known


def _has_stock(state: str, county: str) -> bool:
    """Class and bucket are spelled out because the index begins with them."""
    return (
        InventoryRecord.objects.filter(OPEN, state=state, county=county)
        .filter(classification__in=Classification.values, age_bucket__in=AgeBucket.values)
        .exists()
    )

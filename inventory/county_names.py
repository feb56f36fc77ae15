"""Which county a buyer means. A lead has the Census Bureau's name, or what its file said if that matched none."""

from inventory.facts.columns import OPEN
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import match_county

LONGEST_COUNTY = 2_700
"""In characters. Older leads may have a longer county, but no index holds more bytes."""

_LONGEST_NAME = 100  # of the Census Bureau's names, in any spelling; a longer text is not worth remembering its match


def county_meant(state: str, text: str) -> str | None:
    """The county of a state as its leads have it. None if there is none of that name.

    Stock under exactly this text goes first: it is what a filter offers, also where the list of spellings has grown
    since the lead was loaded.
    """
    known = match_county(state, text) if len(text) <= _LONGEST_NAME else None
    if known != text and _has_stock(state, text):
        return text
    return known


def _has_stock(state: str, county: str) -> bool:
    """Names class and bucket because the index begins with them."""
    return (
        InventoryRecord.objects.filter(OPEN, state=state, county=county)
        .filter(classification__in=Classification.values, age_bucket__in=AgeBucket.values)
        .exists()
    )

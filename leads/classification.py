"""Gold or Silver, decided once, at ingestion (contract, "Lead").

It changes price and presentation only, never what may be sold when.
"""

import re
from collections.abc import Mapping

from django.db import models

from homeshield.lib.characters import INVISIBLE


class Classification(models.TextChoices):
    GOLD = "Gold", "Gold"
    SILVER = "Silver", "Silver"


QUALIFICATION_FIELDS: tuple[str, ...] = (
    "source",
    "borrower_age",
    "borrower_medical_issues",
    "borrower_tobacco_use",
    "co_borrower",
    "borrower_phone",
)
"""All must be present for Gold. In the contract's order."""

PLACEHOLDERS = frozenset(
    {
        *("undefined", "null", "none", "n/a", "na", "nan", "-"),
        *("#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!"),
    }
)
"""What call-center exports write for unknown, in any case, and spreadsheet errors. `No` is an answer."""

_SAYS_NOTHING = PLACEHOLDERS | {""}
_INVISIBLE_ENDS = re.compile(rf"\A[{INVISIBLE}]+|[{INVISIBLE}]+\Z")


def present(value: str | None) -> bool:
    """Whether a text is visible and not a placeholder."""
    return value is not None and _INVISIBLE_ENDS.sub("", value).lower() not in _SAYS_NOTHING


def classify(lead: Mapping[str, str | None]) -> Classification:
    """Takes a lead's fields by name."""
    for field in QUALIFICATION_FIELDS:
        if not present(lead.get(field)):
            return Classification.SILVER
    return Classification.GOLD

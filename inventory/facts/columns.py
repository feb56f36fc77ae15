"""What a record is filtered, counted and bought by, as columns; and what it means for a record to be open."""

from django.db import models
from django.db.models import Q

from inventory.facts.criteria import Criteria
from inventory.facts.place import LEVELS, Place
from leads.age import AgeBucket
from leads.classification import Classification

FACTS = ("classification", "age_bucket", *LEVELS)
"""The columns of `Facts`."""

OPEN = Q(sold_at_utc__isnull=True, lapsed_at_utc__isnull=True, withheld=False)
"""Unsold, not closed by the roll, and not withheld: the condition of the partial indexes. Sellable is what is open and
within its window."""

OPEN_SQL = "sold_at_utc IS NULL AND lapsed_at_utc IS NULL AND NOT withheld"
"""OPEN in SQL."""


class Facts(models.Model):
    """Class, bucket and place. A level of the place that is not known is UNKNOWN, and never NULL."""

    classification = models.CharField(max_length=6, choices=Classification)
    age_bucket = models.CharField(max_length=14, choices=AgeBucket)
    state = models.CharField(max_length=2)
    county = models.TextField(blank=True)

    not_personal = LEVELS

    class Meta:
        abstract = True

    @property
    def criteria(self) -> Criteria:
        """What exactly these facts fit."""
        return Criteria(
            classification=Classification(self.classification),
            age_bucket=AgeBucket(self.age_bucket),
            place=Place(*(getattr(self, level) for level in LEVELS)),
        )

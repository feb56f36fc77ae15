"""What a record is filtered by, as columns; and when it is open."""

from django.db import models
from django.db.models import Q

from inventory.facts.criteria import Criteria
from inventory.facts.place import LEVELS, Place
from leads.age import AgeBucket
from leads.classification import Classification

FACTS = ("classification", "age_bucket", *LEVELS)

OPEN = Q(sold_at_utc__isnull=True, lapsed_at_utc__isnull=True, withheld=False)
"""The condition of the partial indexes. Sellable means open and within the window."""

OPEN_SQL = "sold_at_utc IS NULL AND lapsed_at_utc IS NULL AND NOT withheld"


def in_place_sql(depth: int) -> str:
    """A further condition of a statement: that a record lies in its row `place`, which names so many levels."""
    return " ".join(f"AND inventory.{level} = place.{level}" for level in LEVELS[:depth])


class Facts(models.Model):
    """Class, bucket and place. An unknown level of the place is UNKNOWN, never NULL."""

    classification = models.CharField(max_length=6, choices=Classification)
    age_bucket = models.CharField(max_length=14, choices=AgeBucket)
    state = models.CharField(max_length=2)
    county = models.TextField(blank=True)

    not_personal: tuple[str, ...] = LEVELS

    class Meta:
        abstract = True

    @property
    def criteria(self) -> Criteria:
        """The criteria that match exactly these facts."""
        return Criteria(
            classification=Classification(self.classification),
            age_bucket=AgeBucket(self.age_bucket),
            place=Place(*(getattr(self, level) for level in LEVELS)),
        )

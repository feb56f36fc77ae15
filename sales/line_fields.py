from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from inventory.facts.columns import Facts
from inventory.facts.criteria import MAX_QUANTITY, Demand
from leads.age import AgeBucket
from leads.classification import Classification


class LineFields(Facts):
    """A line's criteria and quantity. NULL leaves that level of the place open."""

    state = models.CharField(max_length=2, null=True, blank=True)  # type: ignore[assignment]
    county = models.TextField(null=True, blank=True)  # type: ignore[assignment]
    quantity = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(MAX_QUANTITY)])

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_quantity_1_to_1000", condition=Q(quantity__gte=1, quantity__lte=MAX_QUANTITY)
            ),
            models.CheckConstraint(name="%(class)s_bucket_known", condition=Q(age_bucket__in=AgeBucket.values)),
            models.CheckConstraint(
                name="%(class)s_classification_known", condition=Q(classification__in=Classification.values)
            ),
            models.CheckConstraint(
                name="%(class)s_county_within_state",
                condition=Q(county__isnull=True) | Q(state__isnull=False),
            ),
        ]

    @property
    def demand(self) -> Demand:
        return Demand(criteria=self.criteria, quantity=self.quantity)

"""Searches that a user has saved by a name, and mails about them."""

from itertools import product

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from homeshield.accounts.models import Client
from homeshield.lib.ids import new_id
from homeshield.lib.money import MoneyField
from homeshield.lib.table_rules import KEEP, OWN_CLIENT, STAFF_LOOKS, OwnerFunction, TableRules
from inventory.facts.criteria import Criteria
from inventory.facts.place import EVERYWHERE, Place
from leads.age import AgeBucket
from leads.classification import Classification

LONGEST_NAME = 60

STOP = """
    UPDATE saved_searches SET mail_from = NULL, mail_on_price = false
    WHERE user_id = $1 AND (mail_from IS NOT NULL OR mail_on_price)
    RETURNING id
"""
"""$1: a user. For whoever has the link of a mail, signed in or not."""


class SavedSearch(models.Model):
    """What a user looks for. Empty is everything; counties are of the one state, `elsewhere` has those of others, as
    `TX,Harris`. Beside counties, a state without any is not looked for itself.

    `mail_from` asks for a mail when so many leads are there, `mail_on_price` when the lowest price falls. The mail goes
    to whoever saved it, once in 24 hours at most. `was_below` and `known_price` are what the last look found: a number
    is passed from below, a price falls from the last one.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_searches", db_index=False
    )
    name = models.CharField(max_length=LONGEST_NAME)
    classification = models.CharField(max_length=6, choices=Classification, blank=True)
    age_bucket = models.CharField(max_length=14, choices=AgeBucket, blank=True)
    states = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    counties = ArrayField(models.TextField(), default=list, blank=True)
    elsewhere = ArrayField(models.TextField(), default=list, blank=True, db_default=[])
    opened_at_utc = models.DateTimeField("opened (UTC)")
    opened_count = models.PositiveIntegerField("leads when it was opened")
    mail_from = models.PositiveIntegerField(null=True)
    mail_on_price = models.BooleanField(default=False)
    site = models.CharField("where the mail's links lead", max_length=300, blank=True)
    was_below = models.BooleanField(default=False)
    known_price = MoneyField("lowest price (USD)", null=True)
    looked_at_utc = models.DateTimeField("looked at (UTC)", null=True)
    mailed_at_utc = models.DateTimeField("mailed (UTC)", null=True)

    not_personal = ("name", "site")

    table_rules = TableRules(
        web_may=KEEP,
        policies=(OWN_CLIENT, STAFF_LOOKS),
        functions=(OwnerFunction("search_mails_stop(uuid)", "SETOF uuid", STOP, writes=True),),
    )

    class Meta:
        db_table = "saved_searches"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"],
                name="saved_search_once_per_user_and_name",
                violation_error_message="You have saved a search by this name.",
            ),
            models.CheckConstraint(
                name="saved_search_classification_known", condition=Q(classification__in=["", *Classification.values])
            ),
            models.CheckConstraint(
                name="saved_search_bucket_known", condition=Q(age_bucket__in=["", *AgeBucket.values])
            ),
            models.CheckConstraint(
                name="saved_search_counties_within_a_state", condition=Q(counties__len=0) | Q(states__len=1)
            ),
            models.CheckConstraint(
                name="saved_search_counties_beside_one_state", condition=Q(elsewhere__len=0) | Q(states__len__lte=1)
            ),
            models.CheckConstraint(
                name="saved_search_mails_from_one_lead_on", condition=Q(mail_from__isnull=True) | Q(mail_from__gte=1)
            ),
        ]
        indexes = [
            models.Index(
                fields=["user"], condition=Q(mail_from__isnull=False) | Q(mail_on_price=True),
                name="saved_search_with_mail",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Saved search {self.id}"

    @property
    def mails(self) -> bool:
        return self.mail_from is not None or self.mail_on_price

    @property
    def criteria(self) -> list[Criteria]:
        """One for each place. They match different leads."""
        places = [Place(state) for state in self.states] or [EVERYWHERE]
        if self.counties or self.elsewhere:
            places = [Place(state, county) for state, county in product(self.states, self.counties)]
            places += [Place(*text.split(",", 1)) for text in self.elsewhere]
        cell = Criteria(
            classification=Classification(self.classification) if self.classification else None,
            age_bucket=AgeBucket(self.age_bucket) if self.age_bucket else None,
        )
        return [cell.at(place) for place in places]

    @property
    def label(self) -> str:
        """For people: `Gold, 6 to 8 months, Caddo, LA` or `… 3 counties in TX`."""
        if len(self.criteria) == 1:
            return self.criteria[0].label
        cell = self.criteria[0].at(EVERYWHERE).label.removesuffix(", all states")
        states = sorted({each.place.state or "" for each in self.criteria})
        where = ", ".join(states)
        if self.counties or self.elsewhere:
            where = f"{len(self.criteria)} counties in {states[0] if len(states) == 1 else f'{len(states)} states'}"
        return f"{cell}, {where}"

    def as_filter(self) -> list[tuple[str, str]]:
        """Under the names of the browse page's address."""
        named = [("classification", self.classification), ("age_bucket", self.age_bucket)]
        named += [("state", state) for state in self.states] + [("county", county) for county in self.counties]
        named += [("place", text) for text in self.elsewhere]
        return [(name, value) for name, value in named if value]

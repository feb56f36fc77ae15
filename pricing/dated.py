"""What is in force from one instant until another, or without an end, and kept as history (contract, "Price")."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import product
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import DateTimeRangeField, IntegerRangeField, RangeBoundary
from django.db import connection, models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Now

from homeshield.lib.errors import DomainError, refused_by_database
from homeshield.lib.ids import new_id
from leads.age import AgeBucket
from leads.classification import Classification

_CELL = Case(
    *(
        When(Q(classification=str(classification)) & Q(age_bucket=str(bucket)), then=Value(number))
        for number, (classification, bucket) in enumerate(product(Classification, AgeBucket))
    ),
    output_field=models.IntegerField(),
)
"""A number per class and bucket: excluding texts needs btree_gist, which the embedded PostgreSQL lacks."""

CELL_RANGE = Func(_CELL, _CELL, Value("[]"), function="int4range", output_field=IntegerRangeField())
"""For an exclusion constraint: meets itself alone."""

INTERVAL = Func(
    "effective_from_utc",
    "effective_until_utc",
    RangeBoundary(),
    function="tstzrange",
    output_field=DateTimeRangeField(),
)

ENDS_AFTER_IT_BEGINS = Q(effective_until_utc__isnull=True) | Q(effective_until_utc__gt=F("effective_from_utc"))


class DatedQuerySet[Row: models.Model](models.QuerySet[Row]):
    def in_force(self, as_of: datetime) -> Self:
        return self.not_over(as_of).filter(effective_from_utc__lte=as_of)

    def not_over(self, as_of: datetime) -> Self:
        """Returns what is in force at `as_of` or later."""
        return self.filter(Q(effective_until_utc__isnull=True) | Q(effective_until_utc__gt=as_of))


class Dated(models.Model):
    """Only the end may change, until it has passed, and only what has not begun can be withdrawn."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    effective_from_utc = models.DateTimeField("in force from (UTC)")
    effective_until_utc = models.DateTimeField("until (UTC)", null=True, blank=True)
    created_at_utc = models.DateTimeField("entered (UTC)", db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        abstract = True

    def status(self, as_of: datetime) -> str:
        """Returns `future`, `in force` or `past`."""
        if self.effective_from_utc > as_of:
            return "future"
        return "past" if self.effective_until_utc and self.effective_until_utc <= as_of else "in force"


def history_is_kept(name: str, what: str, columns: Sequence[str]) -> pgtrigger.Trigger:
    """A trigger by which only the end of a row may change, until it has passed, and only a future row may go.

    clock_timestamp(), not now(): a transaction that waited for another change must see it in force. The request's
    instant is slightly earlier, hence the minute.
    """
    new, old = (", ".join(f"{row}.{column}" for column in columns) for row in ("NEW", "OLD"))
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        func=f"""
            IF TG_OP = 'DELETE' THEN
                IF OLD.effective_from_utc > clock_timestamp() THEN
                    RETURN OLD;
                END IF;
            ELSIF ({new}) IS NOT DISTINCT FROM ({old})
                  AND coalesce(OLD.effective_until_utc, 'infinity') > clock_timestamp()
                  AND coalesce(NEW.effective_until_utc, 'infinity') >= clock_timestamp() - interval '1 minute' THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION '{what} %: only its end may change, and only until it is over', OLD.id
                USING ERRCODE = 'check_violation', CONSTRAINT = '{name}';
        """,
    )


HISTORY = ("price_history_is_kept", "discount_history_is_kept", "client_price_history_is_kept")


@contextmanager
def only_writer(model: type[models.Model], *, too_late: DomainError) -> Iterator[None]:
    """A transaction that alone changes these rows. Raises `too_late` if one became history while waiting for that."""
    with refused_by_database(HISTORY, too_late):
        changes_lock(model)
        yield


def changes_lock(model: type[models.Model]) -> None:
    """Blocks other changes of these rows until commit. Readers pass."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {model._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")

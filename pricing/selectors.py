from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from homeshield.lib.replica import reading_connection
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.discounts.prices import Discount, GeneralPrices, PriceBook
from pricing.models import PriceRule

_GENERAL = """
    SELECT classification, age_bucket, amount FROM pricing
    WHERE effective_from_utc <= %(as_of)s AND (effective_until_utc IS NULL OR effective_until_utc > %(as_of)s)
"""


def prices_in_force(as_of: datetime) -> GeneralPrices:
    """Returns the general prices. Plain SQL, because building the query took longer than running it."""
    with reading_connection().cursor() as cursor:
        cursor.execute(_GENERAL, {"as_of": as_of})
        return GeneralPrices({(row, bucket): amount for row, bucket, amount in cursor.fetchall()})


PRICES = """
    LEFT JOIN LATERAL (
        SELECT json_agg(json_build_array(id, name, percentage::text, least_leads, code) ORDER BY id) AS open
        FROM discount_rules
        WHERE effective_from_utc <= terms.as_of AND (effective_until_utc IS NULL OR effective_until_utc > terms.as_of)
          AND (code IS NULL AND client_id IS NULL
               OR code IS NULL AND client_id = %(client)s
               OR code = %(code)s AND (client_id IS NULL OR client_id = %(client)s))
    ) AS discounts ON true
    LEFT JOIN pricing AS rule ON rule.effective_from_utc <= terms.as_of
                             AND (rule.effective_until_utc IS NULL OR rule.effective_until_utc > terms.as_of)
    LEFT JOIN client_prices AS own ON own.client_id = %(client)s
                                  AND (own.classification, own.age_bucket) = (rule.classification, rule.age_bucket)
                                  AND own.effective_from_utc <= terms.as_of
                                  AND (own.effective_until_utc IS NULL OR own.effective_until_utc > terms.as_of)
"""
"""What prices a client's order, joined to `terms (as_of)`: a row for each class and bucket with a price. Parameters:
client, and code (NULL for none).
"""

PRICE_COLUMNS = "discounts.open, rule.classification, rule.age_bucket, rule.amount, own.amount"

_BOOKS = f"""
    SELECT terms.as_of, {PRICE_COLUMNS} FROM unnest(%(instants)s::timestamptz[]) AS terms (as_of) {PRICES}
"""  # noqa: S608 - the text is ours


def price_book(*, client_id: UUID | None, as_of: datetime, code: str = "") -> PriceBook:
    """Returns what prices the client's orders, in one statement. A code that is not its to use changes nothing."""
    return price_books(client_id=client_id, instants=[as_of], code=code)[as_of]


def price_books(*, client_id: UUID | None, instants: Iterable[datetime], code: str = "") -> dict[datetime, PriceBook]:
    """Returns the same at each of the instants, in one statement: prices that have been in force stay on record."""
    rows = defaultdict(list)
    with reading_connection().cursor() as cursor:
        cursor.execute(_BOOKS, {"client": client_id, "instants": sorted(set(instants)), "code": code or None})
        for as_of, *priced in cursor.fetchall():
            rows[as_of].append(priced)
    return {as_of: price_book_of(found) for as_of, found in rows.items()}


def price_book_of(rows: Sequence[Sequence[Any]]) -> PriceBook:
    """Reads rows of PRICE_COLUMNS, of which there is one at least."""
    discounts = [
        Discount(UUID(key), name, Decimal(percentage), least_leads, code)
        for key, name, percentage, least_leads, code in rows[0][0] or ()
    ]
    priced = [row for row in rows if row[1] is not None]
    return PriceBook(
        general=GeneralPrices({(row, bucket): amount for _, row, bucket, amount, _ in priced}),
        own={(row, bucket): own for _, row, bucket, _, own in priced if own is not None},
        discounts=discounts,
    )


class TablePrice(NamedTuple):
    """The rule in force for a class and bucket, and the next."""

    classification: Classification
    rule: PriceRule | None
    next: PriceRule | None


def rules_not_over(as_of: datetime) -> list[PriceRule]:
    """Returns the rules in force or ahead, by start."""
    return list(PriceRule.objects.not_over(as_of).order_by("effective_from_utc"))


def price_table(rules: Sequence[PriceRule], as_of: datetime) -> list[tuple[AgeBucket, list[TablePrice]]]:
    """Returns the buckets, youngest first, with their classes. `rules` must be sorted by start."""
    firsts: dict[tuple[str, str, str], PriceRule] = {}
    for rule in rules:
        firsts.setdefault((rule.classification, rule.age_bucket, rule.status(as_of)), rule)
    return [
        (
            bucket,
            [
                TablePrice(name, firsts.get((name, bucket, "in force")), firsts.get((name, bucket, "future")))
                for name in Classification
            ],
        )
        for bucket in AgeBucket
    ]

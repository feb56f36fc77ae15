"""What a lead costs: the lowest of the general price less the best single discount, and the client's own."""

from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.age import AgeBucket
from leads.classification import Classification
from pricing.discounts.prices import Discount, GeneralPrices, Price, PriceBook, best_of, lowest_price
from pricing.errors import NoPrice

CELL = (Classification.GOLD, AgeBucket.MONTH_3_TO_5)

cents = st.integers(0, 1_000_000).map(lambda number: Decimal(number) / 100)
discounts = st.builds(
    lambda number, tenths, least: Discount(UUID(int=number), f"No {number}", Decimal(tenths) / 10, least),
    st.integers(0, 99),
    st.integers(1, 900),
    st.integers(1, 300),
)


def discount(percentage: str, least_leads: int = 1, code: str | None = None) -> Discount:
    return Discount(UUID(int=1), "Spring sale", Decimal(percentage), least_leads, code)


def book(*discounts: Discount, general: str = "10.00", own: str | None = None) -> PriceBook:
    return PriceBook(GeneralPrices({CELL: Decimal(general)}), {CELL: Decimal(own)} if own else {}, discounts)


@given(general=cents, own=st.none() | cents, rules=st.lists(discounts, max_size=5), leads=st.integers(1, 400))
def test_nobody_pays_more_than_the_general_price_nor_less_than_the_best_single_offer(
    general: Decimal, own: Decimal | None, rules: list[Discount], leads: int
) -> None:
    """By a way of its own: every single offer in whole tenths of a cent, the lowest of which is paid."""
    price = lowest_price(general, own, best_of(rules, leads))
    single = [
        (general * (1000 - int(rule.percentage * 10)) / 1000).quantize(Decimal("0.01"), ROUND_HALF_UP)
        for rule in rules
        if rule.least_leads <= leads
    ]
    offers = [general, *single, *([own] if own is not None else [])]
    assert price.unit_price == min(offers)
    assert price.unit_price <= price.list_price == general
    assert price.unit_price == price.unit_price.quantize(Decimal("0.01"))
    assert price.is_reduced == (min(offers) < general)


@pytest.mark.parametrize(
    ("general", "percentage", "paid"),
    [
        ("10.00", "10", "9.00"),
        ("0.05", "10", "0.05"),  # 0.045 rounds up
        ("0.05", "10.1", "0.04"),  # 0.04495 does not
        ("7.50", "33.3", "5.00"),  # 5.0025
        ("0.01", "90", "0.00"),
        ("0.01", "50", "0.01"),  # half a cent is a cent
        ("8.01", "50", "4.01"),  # not 4.00, as half to even would have it
        ("10000.00", "0.1", "9990.00"),
    ],
)
def test_half_a_cent_counts_as_a_cent(general: str, percentage: str, paid: str) -> None:
    assert lowest_price(Decimal(general), None, discount(percentage)).unit_price == Decimal(paid)


def test_nothing_adds_up_with_anything() -> None:
    both = book(discount("10"), discount("20"), own="8.50").for_order(1)
    assert both[CELL] == Price(Decimal("8.00"), Decimal("10.00"), discount("20"))
    assert both[CELL].reason == "20% off: Spring sale"
    own = book(discount("10"), discount("12.5"), own="8.50").for_order(1)
    assert own[CELL] == Price(Decimal("8.50"), Decimal("10.00"))
    assert own[CELL].reason == "Your price"


def test_an_own_price_above_the_general_one_costs_nothing_more() -> None:
    assert book(own="12.00").for_order(1)[CELL] == Price(Decimal("10.00"), Decimal("10.00"))


def test_the_least_number_of_leads_is_reached_at_it() -> None:
    prices = book(discount("10", 50))
    assert [str(prices.for_order(leads)[CELL].unit_price) for leads in (49, 50, 51)] == ["10.00", "9.00", "9.00"]


def test_what_has_no_general_price_has_none() -> None:
    """An own price alone sells nothing (contract, "Price")."""
    silver = (Classification.SILVER, AgeBucket.MONTH_3_TO_5)
    only = PriceBook(GeneralPrices({}), {silver: Decimal("1.00")}, [discount("10")]).for_order(1)
    with pytest.raises(NoPrice):
        only[silver]


def test_what_more_leads_would_save_is_said_where_it_is_more() -> None:
    prices = book(discount("5", 10), discount("10", 50), discount("8", 60), discount("20", 200))
    assert [(tier.more, str(tier.discount.percentage)) for tier in prices.tiers(10)] == [(40, "10"), (190, "20")]
    assert [(tier.more, str(tier.discount.percentage)) for tier in prices.tiers(1)] == [
        (9, "5"), (49, "10"), (199, "20"),
    ]  # fmt: skip
    assert list(prices.tiers(200)) == []

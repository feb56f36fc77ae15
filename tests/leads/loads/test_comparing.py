"""A load beside the earlier ones of its supplier (contract, "Load")."""

from datetime import datetime

import pytest

from leads.loads.comparing import EARLIER_LOADS, load_compare
from leads.loads.models import Load, LoadOutcome
from tests.factories import LoadFactory

pytestmark = pytest.mark.django_db


def of_acme(now: datetime, *, loaded: int = 1_000, gold: int = 400, without: int = 20, seen: int = 20) -> Load:
    return LoadFactory(
        supplier="ACME", loaded=loaded, gold=gold, without_phone=without, seen_before=seen, loaded_at_utc=now
    )


def far(load: Load) -> list[str]:
    return [share.name for share in load_compare(load, before=load.id).far]


def test_a_load_like_the_others_is_usual(now: datetime) -> None:
    for _ in range(3):
        of_acme(now)
    comparison = load_compare(like := of_acme(now, gold=430), before=like.id)
    assert comparison.loads == 3
    assert [(s.name, s.share, s.usual) for s in comparison.shares] == [
        ("gold", 0.43, 0.4), ("without_phone", 0.02, 0.02), ("seen_before", 0.02, 0.02),
    ]  # fmt: skip
    assert far(like) == []


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"gold": 290}, ["gold"]),
        ({"gold": 510}, ["gold"]),
        ({"gold": 310}, []),  # nine points: less than anybody would call for
        ({"without": 150}, ["without_phone"]),
        ({"seen": 150}, ["seen_before"]),
        ({"gold": 0, "without": 1_000, "seen": 1_000}, ["gold", "without_phone", "seen_before"]),
        ({"loaded": 20, "gold": 4, "without": 0, "seen": 0}, []),  # 20 points, which chance alone does to 20 leads
    ],
)
def test_what_departs_far_is_said(counts: dict[str, int], said: list[str], now: datetime) -> None:
    of_acme(now)
    assert far(of_acme(now, **counts)) == said


def test_nothing_is_usual_before_a_hundred_leads(now: datetime) -> None:
    of_acme(now, loaded=99, gold=99)
    comparison = load_compare(load := of_acme(now, gold=0), before=load.id)
    assert (comparison.loads, comparison.shares[0].usual, comparison.far) == (1, None, [])


def test_only_the_last_loads_of_the_supplier_before_it_count(now: datetime) -> None:
    of_acme(now, gold=1_000)
    for _ in range(EARLIER_LOADS):
        of_acme(now)
    LoadFactory(supplier="BOLT", loaded=1_000, gold=0, loaded_at_utc=now)
    LoadFactory(supplier="ACME", loaded=0, rows=1, duplicates=1, outcome=LoadOutcome.NOTHING_NEW, loaded_at_utc=now)
    load = of_acme(now)
    of_acme(now, gold=1_000)
    comparison = load_compare(load, before=load.id)
    assert (comparison.loads, comparison.shares[0].usual) == (EARLIER_LOADS, 0.4)


def test_an_unknown_supplier_is_compared_with_nobody(now: datetime) -> None:
    LoadFactory(loaded=1_000, loaded_at_utc=now)
    load = LoadFactory(loaded=1_000, gold=0, loaded_at_utc=now)
    assert load_compare(load, before=load.id).loads == 0


def test_a_load_of_nothing_has_no_shares(now: datetime) -> None:
    of_acme(now)
    none = LoadFactory(
        supplier="ACME", loaded=0, rows=1, duplicates=1, outcome=LoadOutcome.NOTHING_NEW, loaded_at_utc=now
    )
    assert load_compare(none, before=none.id).shares == ()

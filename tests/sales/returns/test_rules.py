"""Contract, "Return": what becomes of a return, from facts alone."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homeshield.lib.ids import new_id
from sales.returns.models import PROVEN, ReturnReason, ReturnStatus
from sales.returns.rules import Allowance, Candidate, Refusal, Verdict, decide

SECOND = timedelta(seconds=1)
ACCEPTED, WAITING = Verdict(status=ReturnStatus.ACCEPTED), Verdict(status=ReturnStatus.WAITING)
BELIEVED = [reason for reason in ReturnReason if not reason.is_proven]


def candidate(sold_at: datetime, **facts: object) -> Candidate:
    of = Candidate(sale_id=new_id(), lead_id=new_id(), sold_at_utc=sold_at, paid=Decimal("8.00"))
    return replace(of, **facts)  # type: ignore[arg-type]


def allowance(bought: str = "40.00", credited: str = "0.00") -> Allowance:
    return Allowance(bought=Decimal(bought), credited=Decimal(credited), percent=20)


def verdict(of: Candidate | None, reason: ReturnReason, left: Allowance, as_of: datetime) -> Verdict:
    return decide(of, reason, left, days=7, as_of=as_of)[0]


def test_a_lead_is_taken_back_for_seven_days_to_the_instant(as_of: datetime) -> None:
    of = candidate(as_of)
    last = as_of + timedelta(days=7) - timedelta(microseconds=1)
    assert verdict(of, ReturnReason.DECEASED, allowance(), last) == ACCEPTED
    late = verdict(of, ReturnReason.DECEASED, allowance(), as_of + timedelta(days=7))
    assert late == Verdict(status=ReturnStatus.REFUSED, refusal=Refusal.TOO_LATE)


@pytest.mark.parametrize("reason", BELIEVED)
def test_the_share_is_exact_to_the_cent(as_of: datetime, reason: ReturnReason) -> None:
    assert verdict(candidate(as_of), reason, allowance("40.00"), as_of) == ACCEPTED
    assert verdict(candidate(as_of), reason, allowance("39.99"), as_of) == WAITING
    assert verdict(candidate(as_of), reason, allowance("40.00", "0.01"), as_of) == WAITING


def test_a_free_lead_never_waits(as_of: datetime) -> None:
    free = candidate(as_of, paid=Decimal("0.00"))
    assert verdict(free, ReturnReason.DECEASED, allowance("0.00"), as_of) == ACCEPTED


@pytest.mark.parametrize("reason", PROVEN)
def test_what_the_data_proves_uses_nothing_up_and_never_waits(as_of: datetime, reason: ReturnReason) -> None:
    nothing = allowance("0.00")
    of = candidate(as_of, is_duplicate=True, is_outside=True)
    assert decide(of, reason, nothing, days=7, as_of=as_of) == (ACCEPTED, nothing)
    plain = decide(candidate(as_of), reason, allowance(), days=7, as_of=as_of)
    assert plain[0].refusal in {Refusal.NO_DUPLICATE, Refusal.WITHIN_CRITERIA}


def test_a_sale_is_returned_once_whatever_became_of_it(as_of: datetime) -> None:
    for status in ReturnStatus:
        again = verdict(candidate(as_of, returned=status), ReturnReason.DECEASED, allowance(), as_of)
        assert again.refusal is Refusal.BEFORE
    assert verdict(None, ReturnReason.DECEASED, allowance(), as_of).refusal is Refusal.NOT_FOUND


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault
@given(prices=st.lists(st.integers(0, 5_000), max_size=20), bought=st.integers(0, 100_000), percent=st.integers(0, 100))
def test_what_is_credited_at_once_never_exceeds_the_share(prices: list[int], bought: int, percent: int) -> None:
    """Amounts in cents."""
    at = datetime.fromisoformat("2026-06-01T12:00:00+00:00")
    left = Allowance(bought=Decimal(bought) / 100, credited=Decimal(0), percent=percent)
    credited = 0
    for cents in prices:
        of = candidate(at, paid=Decimal(cents) / 100)
        got, left = decide(of, ReturnReason.DECEASED, left, days=7, as_of=at)
        fits = (credited + cents) * 100 <= bought * percent
        assert got == (ACCEPTED if fits else WAITING)
        credited += cents if fits else 0
    assert left.credited == Decimal(credited) / 100

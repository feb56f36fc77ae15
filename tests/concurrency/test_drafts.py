"""A draft that is changed while it is being bought: nothing is lost, and nobody waits without end."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from homeshield.accounts.models import User
from inventory.allocation import waiting
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from sales.cart.services import (
    draft_line_add,
    draft_line_remove,
    draft_line_replace,
    draft_prices_keep,
    draft_quantities_change,
    draft_take,
)
from sales.errors import Busy, LineNotFound
from sales.models import Draft, DraftLine
from tests.concurrency.parallel import rival, run_beside, run_together
from tests.factories import UserFactory, stock
from tests.sales.purchases import set_prices

pytestmark = pytest.mark.django_db(transaction=True)

GOLD_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
GOLD_9 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_9_TO_11)

type Change = Callable[[User, UUID], None]

CHANGES: dict[str, Change] = {
    "add": lambda user, _: draft_line_add(user=user, criteria=GOLD_9, quantity=7),
    "change": lambda user, line_id: draft_quantities_change(user=user, quantities={line_id: 7}),
    "replace": lambda user, line_id: draft_line_replace(user=user, line_id=line_id, criteria=GOLD_9, quantity=7),
    "remove": lambda user, line_id: draft_line_remove(user=user, line_id=line_id),
    "keep": lambda user, line_id: draft_prices_keep(user=user, line_id=line_id, seen_at=timezone.now()),
}
"""Every service that changes a draft."""


@pytest.fixture
def user() -> User:
    """With a draft of one line."""
    buyer = UserFactory()
    draft_line_add(user=buyer, criteria=GOLD_6, quantity=5)
    return buyer


def buying(user: User) -> Callable[[], object]:
    """What a purchase does to the draft, within its transaction."""
    draft = Draft.objects.get(user=user)
    return partial(draft_take, user_id=user.id, draft_id=draft.id, version=draft.version)


def lines() -> list[tuple[str, int]]:
    return [(str(line.criteria), line.quantity) for line in DraftLine.objects.all()]


def test_a_line_added_while_the_draft_is_bought_begins_the_next_draft(user: User) -> None:
    bought = Draft.objects.get().id
    with rival(buying(user)) as purchase:
        result = run_beside(
            lambda: draft_line_add(user=user, criteria=GOLD_9, quantity=7),
            then=lambda: purchase.end(commit=True),
        )
    assert result is None
    assert lines() == [(str(GOLD_9), 7)]
    assert Draft.objects.get().id != bought


def test_a_line_added_while_a_purchase_fails_joins_the_draft_that_stays(user: User) -> None:
    with rival(buying(user)) as purchase:
        result = run_beside(
            lambda: draft_line_add(user=user, criteria=GOLD_9, quantity=7),
            then=lambda: purchase.end(commit=False),
        )
    assert result is None
    assert lines() == [(str(GOLD_6), 5), (str(GOLD_9), 7)]


@pytest.mark.parametrize("change", ["change", "replace", "remove", "keep"])
def test_a_line_changed_while_it_is_bought_is_not_there_any_more(user: User, change: str) -> None:
    line_id = DraftLine.objects.get().id
    with rival(buying(user)) as purchase:
        result = run_beside(lambda: CHANGES[change](user, line_id), then=lambda: purchase.end(commit=True))
    assert isinstance(result, LineNotFound)
    assert lines() == []


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_a_draft_that_is_held_gives_up_in_time_and_changes_nothing(
    user: User, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(waiting, "LOCK_TIMEOUT", "100ms")
    line_id = DraftLine.objects.get().id
    with rival(buying(user)):
        (result,) = run_together([lambda: CHANGES[change](user, line_id)])
    assert isinstance(result, Busy)
    assert result.status == 503
    assert "being bought or changed in another window" in result.message
    assert lines() == [(str(GOLD_6), 5)]


def test_a_first_line_that_two_windows_add_at_once_is_one_line() -> None:
    buyer = UserFactory()
    results = run_together([lambda: draft_line_add(user=buyer, criteria=GOLD_6, quantity=2)] * 4)
    assert results == [None] * 4
    assert lines() == [(str(GOLD_6), 8)]


@pytest.mark.parametrize("htmx", [False, True])
def test_the_form_keeps_a_line_that_could_not_be_added(
    user: User, now: datetime, monkeypatch: pytest.MonkeyPatch, htmx: bool
) -> None:
    monkeypatch.setattr(waiting, "LOCK_TIMEOUT", "100ms")
    set_prices(now - timedelta(days=1))
    stock(9, as_of=now, age_days=300)
    browser = Browser(headers={"HX-Request": "true"} if htmx else {})
    browser.force_login(user)
    with rival(buying(user)):
        answer = browser.post(reverse("sales:line-add"), GOLD_9.as_filter() | {"quantity": "7"})
    assert answer.status_code == 422
    assert "Nothing was changed here. Please try again." in answer.content.decode()
    assert 'name="quantity" value="7"' in answer.content.decode()
    assert lines() == [(str(GOLD_6), 5)]

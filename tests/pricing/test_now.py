"""What was now when the form was opened or filled in means now, and never "in the past"."""

from datetime import UTC, datetime, timedelta

import pytest

from pricing.changing.forms import PriceChangeForm
from tests.pricing.changes import typed

OPENED = datetime(2026, 3, 14, 15, 9, 26, 500_000, tzinfo=UTC)
SENT = OPENED + timedelta(minutes=20)
TYPED = {"when": "at"}


def sent(day: str, hour: str = "", *, opened: datetime = OPENED, as_of: datetime = SENT) -> PriceChangeForm:
    data = typed("9.00") | TYPED | {"effective_from_0": day, "effective_from_1": hour}
    return PriceChangeForm(data, opened=opened, as_of=as_of)


@pytest.mark.parametrize(
    ("day", "hour"),
    [
        ("2026-03-14", "15:09:26"),  # the second in which the page was made
        ("2026-03-14", "15:05:00"),  # by a clock that is four minutes slow
        ("2026-03-14", "15:12:00"),  # while the form was filled in
        ("2026-03-14", "15:29:26"),
        ("2026-03-14", "15:29"),
        ("2026-03-14", ""),  # "Today"
        ("03/14/2026", ""),
    ],
)
def test_what_was_now_is_now(day: str, hour: str) -> None:
    form = sent(day, hour)
    assert form.errors == {}
    assert form.change["effective_from"] is None


def test_today_is_now_also_where_it_was_yesterday_by_the_time_that_it_is_sent() -> None:
    before_midnight = datetime(2026, 3, 14, 23, 59, 50, tzinfo=UTC)
    form = sent("2026-03-14", opened=before_midnight, as_of=before_midnight + timedelta(seconds=30))
    assert form.is_valid()
    assert form.change["effective_from"] is None


@pytest.mark.parametrize(
    ("day", "hour", "instant"),
    [
        ("2026-03-14", "15:29:27", datetime(2026, 3, 14, 15, 29, 27, tzinfo=UTC)),
        ("2026-03-14", "18:00", datetime(2026, 3, 14, 18, 0, tzinfo=UTC)),
        ("2026-03-15", "", datetime(2026, 3, 15, tzinfo=UTC)),
        ("2026-12-01", "00:00:00", datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_what_is_ahead_is_that_second_in_utc(day: str, hour: str, instant: datetime) -> None:
    form = sent(day, hour)
    assert form.is_valid()
    assert form.change["effective_from"] == instant


@pytest.mark.parametrize(("day", "hour"), [("2026-03-14", "15:04:26"), ("2026-03-14", "00:00:00"), ("2026-03-13", "")])
def test_what_was_past_already_is_refused_with_what_to_do(day: str, hour: str) -> None:
    form = sent(day, hour)
    assert list(form.errors) == ["effective_from"]
    assert str(form.errors["effective_from"][0]).endswith(
        " has passed: it is now 2026-03-14 15:29:26 UTC. Choose Now, or a later time."
    )


def test_now_beside_a_date_is_not_guessed_at() -> None:
    form = PriceChangeForm(typed("9.00", effective_from_0="2026-12-01"), opened=OPENED, as_of=SENT)
    assert form.errors == {
        "effective_from": [
            "You chose Now and also gave a date or time. Clear them, or choose “At the date and time below”."
        ]
    }


def test_the_form_tells_the_time_zone_and_the_second() -> None:
    help_text = PriceChangeForm(opened=OPENED, as_of=SENT).fields["effective_from"].help_text
    assert help_text.startswith("In UTC. This page was opened at 2026-03-14 15:29:26 UTC.")

"""The allowance of previews: so many leads a client and day, exact however many ask at once."""

from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from homeshield.accounts.errors import PreviewsUsed
from homeshield.accounts.models import PreviewAllowance
from homeshield.accounts.previews import Previews, previews_spend
from tests.concurrency.parallel import run_together
from tests.factories import ClientFactory


@pytest.fixture(autouse=True)
def _hundred_a_day(settings: Settings) -> None:
    settings.PREVIEWS_PER_DAY = 100


@pytest.mark.django_db
def test_a_client_is_shown_so_many_leads_a_day_and_no_more(as_of: datetime) -> None:
    client, other = ClientFactory(), ClientFactory()
    assert previews_spend(client_id=client.id, wanted=60, as_of=as_of) == Previews(granted=60, left=40)
    assert previews_spend(client_id=client.id, wanted=60, as_of=as_of) == Previews(granted=40, left=0)
    late = as_of.replace(hour=23, minute=59, second=59, microsecond=500_000)
    for at, seconds in ((as_of, 12 * 3600), (late, 1)):
        with pytest.raises(PreviewsUsed, match="has seen its 100 previews of today") as refused:
            previews_spend(client_id=client.id, wanted=1, as_of=at)
        assert refused.value.retry_after == seconds
        assert refused.value.again_at == as_of.replace(day=2, hour=0)
    assert PreviewAllowance.objects.get(client=client).shown == 100
    assert previews_spend(client_id=other.id, wanted=1000, as_of=as_of) == Previews(granted=100, left=0)
    assert previews_spend(client_id=client.id, wanted=30, as_of=as_of + timedelta(hours=12)) == Previews(30, 70)


@pytest.mark.django_db
def test_a_page_from_before_midnight_that_comes_late_counts_for_the_new_day(as_of: datetime) -> None:
    client = ClientFactory()
    previews_spend(client_id=client.id, wanted=100, as_of=as_of)
    previews_spend(client_id=client.id, wanted=30, as_of=as_of + timedelta(days=1))
    assert previews_spend(client_id=client.id, wanted=80, as_of=as_of) == Previews(granted=70, left=0)


@pytest.mark.django_db
def test_a_smaller_allowance_holds_from_the_next_page_on(as_of: datetime, settings: Settings) -> None:
    client = ClientFactory()
    previews_spend(client_id=client.id, wanted=50, as_of=as_of)
    settings.PREVIEWS_PER_DAY = 20
    with pytest.raises(PreviewsUsed):
        previews_spend(client_id=client.id, wanted=1, as_of=as_of)
    settings.PREVIEWS_PER_DAY = 60
    assert previews_spend(client_id=client.id, wanted=50, as_of=as_of) == Previews(granted=10, left=0)


@pytest.mark.django_db(transaction=True)
def test_pages_at_the_same_time_share_the_allowance_exactly(as_of: datetime) -> None:
    client = ClientFactory()
    results = run_together([lambda: previews_spend(client_id=client.id, wanted=30, as_of=as_of)] * 6)
    assert sorted(each.granted for each in results if isinstance(each, Previews)) == [10, 30, 30, 30]
    assert sum(isinstance(each, PreviewsUsed) for each in results) == 2
    assert PreviewAllowance.objects.get().shown == 100

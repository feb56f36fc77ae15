"""What a list excludes, while it comes into effect and while it is taken away (contract, "Exclusion")."""

from datetime import datetime

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from homeshield.accounts.models import Client
from inventory.buyer import Buyer
from inventory.counting.compaction import counts_compare
from inventory.counting.reading import availability
from inventory.facts.criteria import Criteria
from inventory.models import CommonKey, Exclusion, SuppressionPiece, SuppressionUpload
from inventory.suppression import pieces, services
from inventory.suppression.errors import ListFull, ListOver
from inventory.suppression.models import ListStatus, UploadState
from inventory.suppression.recognition import recognise
from inventory.suppression.services import list_create, list_remove, upload_confirm, upload_receive
from inventory.suppression.upkeep import listed_compare
from leads.age import AgeBucket
from leads.classification import Classification
from leads.contact_key_check import ContactKeyChanged, contact_key_confirm
from tests.factories import ClientFactory, stock
from tests.inventory.suppression.lists import digest, entries_of, listed, number, pairs, upload, work
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


@pytest.fixture
def client_(db: None) -> Client:
    return ClientFactory()


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of two entries."""
    monkeypatch.setattr(pieces, "PIECE", 2)
    monkeypatch.setattr(services, "PIECE", 2)


def persons(numbers: range, as_of: datetime) -> None:
    for n in numbers:
        stock(1, as_of=as_of, borrower_phone=number(n), call_in_phone_number="")


def assert_exact() -> None:
    """Counts are what the pairs say, and pairs what the entries say."""
    assert counts_compare() == []
    assert listed_compare() == []


def available(client: Client, as_of: datetime) -> int:
    return availability(criteria=GOLD, buyer=Buyer(client.id), as_of=as_of).total


def test_numbers_and_digests_of_a_list_exclude_its_client_and_nobody_else(client_: Client, as_of: datetime) -> None:
    persons(range(4), as_of)
    other = ClientFactory()
    made = listed(client_, [number(0), digest(1), number(99)], as_of=as_of)
    assert pairs(client_) == {number(0): (False, True), number(1): (False, True)}
    assert made.entries == entries_of(made) == 3
    assert (available(client_, as_of), available(other, as_of)) == (2, 4)
    assert_exact()


def test_the_result_says_how_many_leads_on_sale_the_new_entries_exclude(client_: Client, as_of: datetime) -> None:
    persons(range(3), as_of)
    stock(1, as_of=as_of, borrower_phone=number(7), call_in_phone_number=number(8))
    made = listed(client_, [number(0), number(7)], as_of=as_of)
    [first] = made.uploads.all()
    assert (first.state, first.valid, first.done, first.added, first.matched) == (UploadState.DONE, 2, 2, 2, 2)
    second = upload(made, [number(0), number(1), number(8), number(8)], as_of=as_of)
    work(made, as_of=as_of)
    second.refresh_from_db()
    assert (second.valid, second.duplicates, second.added, second.matched) == (4, 1, 2, 1)  # 8 is the person of 7
    assert made.entries == 4


@pytest.mark.usefixtures("_small")
def test_counts_are_exact_after_each_piece(client_: Client, as_of: datetime) -> None:
    persons(range(6), as_of)
    made = list_create(client_id=client_.id, name="Ours", user=None, as_of=as_of)
    upload(made, [number(n) for n in range(5)], as_of=as_of)
    seen = [available(client_, as_of)]
    while pieces.list_step(list_id=made.id, as_of=as_of):
        made.refresh_from_db()
        seen.append(available(client_, as_of))
        assert entries_of(made) == made.entries == 6 - seen[-1]
        assert_exact()
    assert seen == [6, 4, 2, 1, 1]
    list_remove(client_id=client_.id, list_id=made.id, as_of=as_of)
    seen = [available(client_, as_of)]
    while pieces.list_step(list_id=made.id, as_of=as_of):
        seen.append(available(client_, as_of))
        assert_exact()
    assert seen == [1, 3, 5, 6]
    made.refresh_from_db()
    assert (made.status, made.entries, entries_of(made)) == (ListStatus.REMOVED, 0, 0)


@pytest.mark.usefixtures("_small")
def test_what_is_replaced_goes_and_what_stays_is_never_on_sale_meanwhile(client_: Client, as_of: datetime) -> None:
    persons(range(6), as_of)
    made = listed(client_, [number(n) for n in range(4)], as_of=as_of)
    replaced = upload(made, [number(n) for n in range(2, 6)], as_of=as_of, replaces=True)
    stays = {number(2), number(3)}
    while pieces.list_step(list_id=made.id, as_of=as_of):
        assert stays <= pairs(client_).keys()
        assert_exact()
    assert pairs(client_).keys() == {number(n) for n in range(2, 6)}
    replaced.refresh_from_db()
    made.refresh_from_db()
    assert (made.entries, made.generation, replaced.added, replaced.matched) == (4, 1, 2, 4)


def test_a_pair_stays_while_another_list_or_another_number_of_the_person_names_it(
    client_: Client, as_of: datetime
) -> None:
    stock(1, as_of=as_of, borrower_phone=number(1), call_in_phone_number=number(2))
    persons(range(3, 5), as_of)
    first = listed(client_, [number(1), number(3), number(4)], as_of=as_of, name="First")
    second = listed(client_, [number(2), number(3)], as_of=as_of, name="Second")
    list_remove(client_id=client_.id, list_id=first.id, as_of=as_of)
    work(first, as_of=as_of)
    assert pairs(client_).keys() == {number(1), number(3)}
    list_remove(client_id=client_.id, list_id=second.id, as_of=as_of)
    work(second, as_of=as_of)
    assert pairs(client_) == {}
    assert_exact()


def test_what_was_bought_stays_bought_and_is_never_sold_again(client_: Client, as_of: datetime) -> None:
    persons(range(2), as_of)
    set_prices(since=as_of)
    buy(client_, 2, GOLD, as_of=as_of)
    made = listed(client_, [number(0)], as_of=as_of)
    assert pairs(client_) == {number(0): (True, True), number(1): (True, False)}
    list_remove(client_id=client_.id, list_id=made.id, as_of=as_of)
    work(made, as_of=as_of)
    assert pairs(client_) == {number(0): (True, False), number(1): (True, False)}
    assert_exact()


def test_a_common_key_excludes_nothing(client_: Client, as_of: datetime) -> None:
    [record] = stock(1, as_of=as_of, borrower_phone=number(1), call_in_phone_number="")
    assert record.lead.phone_key
    CommonKey.objects.create(key=record.lead.phone_key)
    made = listed(client_, [number(1)], as_of=as_of)
    assert pairs(client_) == {}
    list_remove(client_id=client_.id, list_id=made.id, as_of=as_of)
    work(made, as_of=as_of)
    assert listed_compare() == []


def test_a_list_that_is_being_removed_takes_nothing_more(client_: Client, as_of: datetime) -> None:
    made = listed(client_, [number(1)], as_of=as_of)
    waiting = upload_receive(of=made, recognised=recognise(number(2).encode()), replaces=False, user=None, as_of=as_of)
    upload(made, [number(3)], as_of=as_of)
    list_remove(client_id=client_.id, list_id=made.id, as_of=as_of)
    assert not SuppressionPiece.objects.exists()
    made.refresh_from_db()
    with pytest.raises(ListOver):
        upload(made, [number(2)], as_of=as_of)
    with pytest.raises(Exception, match="confirmed or discarded"):
        upload_confirm(client_id=client_.id, upload_id=waiting.id, as_of=as_of)
    work(made, as_of=as_of)
    assert {one.state for one in made.uploads.all()} == {UploadState.DONE, UploadState.DISCARDED}
    assert entries_of(made) == 0


def test_a_list_has_no_more_entries_than_it_may(
    client_: Client, as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MOST_ENTRIES", 3)
    made = listed(client_, [number(1), number(2)], as_of=as_of)
    with pytest.raises(ListFull):
        upload(made, [number(3), number(4)], as_of=as_of)
    assert work(made, as_of=as_of) == 1
    upload(made, [number(n) for n in range(3)], as_of=as_of, replaces=True)
    work(made, as_of=as_of)
    assert made.entries == 3


def test_a_lists_rows_are_one_clients(client_: Client, as_of: datetime) -> None:
    """The database refuses an upload of one client for a list of another, whoever writes it."""
    made = listed(client_, [number(1)], as_of=as_of)
    [upload_] = made.uploads.all()
    upload_.id, upload_.client = None, ClientFactory()
    with pytest.raises(IntegrityError, match="suppression_upload_for_a_list_of_its_client"), transaction.atomic():
        upload_.save(force_insert=True)
    assert Exclusion.objects.count() == 0


def test_another_contact_key_takes_no_upload(client_: Client, as_of: datetime, settings: Settings) -> None:
    made = list_create(client_id=client_.id, name="Ours", user=None, as_of=as_of)
    contact_key_confirm()
    settings.CONTACT_KEY = "another-contact-key-" * 3
    with pytest.raises(ContactKeyChanged):
        upload(made, [number(1)], as_of=as_of)
    assert not SuppressionUpload.objects.exists()
    assert not SuppressionPiece.objects.exists()

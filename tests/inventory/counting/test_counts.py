"""The counts kept beside the records say what the records say, whatever happens to these."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from uuid import uuid4

import pgtrigger
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from homeshield.accounts.models import Client
from inventory.buyer import Buyer
from inventory.counting import compaction, reading
from inventory.counting.compaction import counts_compact, counts_compare, counts_rebuild
from inventory.counting.reading import Availability, availability, available_count, available_counts
from inventory.counting.triggers import inventory_triggers
from inventory.exclusion.triggers import exclusion_triggers
from inventory.facts.criteria import Criteria
from inventory.facts.place import LEVELS, Place
from inventory.models import CountChange, InventoryRecord, PlaceCount
from inventory.upkeep.roll import inventory_generate
from leads.age import AgeBucket
from leads.classification import Classification
from sales.models import Sale
from tests.factories import ClientFactory, InventoryFactory, stock
from tests.inventory.brute_force import counted_one_by_one
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db

GOLD_3 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)
GOLD_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


@pytest.fixture
def client(as_of: datetime) -> Client:
    set_prices(as_of - timedelta(days=1000))
    return ClientFactory()


def found(criteria: Criteria, client: Client | None, as_of: datetime) -> Availability:
    return availability(criteria=criteria, buyer=Buyer(client.id if client else None), as_of=as_of)


def test_a_sale_shows_at_once_and_compaction_changes_no_count(client: Client, as_of: datetime) -> None:
    stock(5, as_of=as_of)
    assert available_count(criteria=GOLD_6, buyer=Buyer(), as_of=as_of) == 5
    buy(client, 2, GOLD_6, as_of=as_of)
    before = found(GOLD_6, None, as_of)
    assert before.total == 3
    assert counts_compact() == 2
    assert not CountChange.objects.exists()
    assert found(GOLD_6, None, as_of) == before
    assert counts_compact() == 0
    assert counts_compare() == []


@pytest.mark.parametrize("level", LEVELS)
def test_every_statement_about_counts_names_every_level_of_a_place(level: str) -> None:
    """One that forgets a level of the place counts all of that level together, and says so nowhere else."""
    triggers = [*inventory_triggers(), *exclusion_triggers()]
    statements = [
        reading.STOCK, reading.FACETS, reading.LINES, reading.PLACES,
        compaction.COMPACT, compaction.ACTUAL, compaction.COMPARE, compaction.REBUILD,
        *(str(trigger.func) for trigger in triggers),
    ]  # fmt: skip
    for statement in statements:
        own = statement.removeprefix(reading.STOCK).replace(compaction.ACTUAL, "")
        assert re.search(rf"\b{level}\b", own or statement), own


def test_one_statement_writes_one_change_for_each_place_and_not_one_for_each_record(as_of: datetime) -> None:
    stock(50, as_of=as_of)
    assert [change.records for change in CountChange.objects.all()] == [50]


def test_who_owns_leads_is_counted_through_rolls_and_the_sales_of_others(client: Client, as_of: datetime) -> None:
    """Two clients own leads that enter the next bucket, where a third one buys some of them."""
    other, third = ClientFactory(), ClientFactory()
    stock(10, as_of=as_of, age_days=170)
    buy(client, 4, GOLD_3, as_of=as_of)
    buy(other, 3, GOLD_3, as_of=as_of)
    later = as_of + timedelta(days=11)
    inventory_generate(as_of=later, now=later)

    def counts() -> list[tuple[int, int]]:
        return [(stock.total, stock.owned) for stock in (found(GOLD_6, one, later) for one in (client, other, None))]

    assert counts() == [(6, 4), (7, 3), (10, 0)]
    taken = buy(third, 8, GOLD_6, as_of=later)
    leads = list(taken.sales.values_list("lead_id", flat=True))
    mine, theirs = (Sale.objects.filter(client=one).exclude(lead_id__in=leads).count() for one in (client, other))
    expected = [(2 - mine, mine), (2 - theirs, theirs), (2, 0)]
    assert counts() == expected
    counts_compact()
    assert counts() == expected
    assert counts_compare() == []


def test_a_lead_that_is_bought_while_another_record_of_it_is_open_counts_as_owned_there(
    client: Client, as_of: datetime
) -> None:
    record = InventoryFactory(as_of=as_of, lead__age=timedelta(days=170))
    later = as_of + timedelta(days=11)
    InventoryFactory(as_of=later, lead=record.lead)
    buy(client, 1, GOLD_3, as_of=as_of)
    assert (found(GOLD_6, client, later).total, found(GOLD_6, client, later).owned) == (0, 1)
    assert counts_compare() == []


@pytest.mark.parametrize("age_days", [100, 800])
def test_a_record_counts_from_the_instant_at_which_its_lead_enters_the_bucket(as_of: datetime, age_days: int) -> None:
    """Whoever asks for an instant before does not count what a roll has added since; also in the last bucket."""
    record = InventoryFactory(as_of=as_of, lead__age=timedelta(days=age_days))
    enters = record.enters_at_utc
    for compacted in (False, True):
        if compacted:
            counts_compact()
        assert available_count(criteria=Criteria(), buyer=Buyer(), as_of=enters) == 1
        just_before = enters - timedelta(microseconds=1)
        assert available_count(criteria=Criteria(), buyer=Buyer(), as_of=just_before) == 0
        assert found(Criteria(place=Place("LA")), None, just_before).states == []


def test_an_owned_lead_whose_window_is_over_is_taken_away_once(client: Client, as_of: datetime) -> None:
    """Between two rolls: it counts neither as there nor as owned."""
    stock(3, as_of=as_of, age_days=179)
    buy(client, 1, GOLD_3, as_of=as_of)
    inventory_generate(as_of=as_of + timedelta(days=1), now=as_of + timedelta(days=1))
    unrolled = as_of + timedelta(days=91)
    stock(2, as_of=unrolled)
    assert (found(GOLD_6, client, unrolled).total, found(GOLD_6, client, unrolled).owned) == (2, 0)
    assert found(GOLD_6, None, unrolled).total == 2


def test_every_question_agrees_with_the_records_one_by_one(client: Client, as_of: datetime) -> None:
    stock(4, as_of=as_of, age_days=170)
    buy(client, 2, GOLD_3, as_of=as_of)
    then = as_of + timedelta(days=11)
    inventory_generate(as_of=then, now=then)
    stock(3, as_of=then, county=None)
    stock(2, as_of=then, state="TX", county="Lee", classification="Silver")
    stock(1, as_of=then, state="AL", county="Lee", age_days=800)
    stock(2, as_of=then, state="AL", county="Lee", age_days=179)
    questions = [
        Criteria(classification=row, age_bucket=bucket, place=Place(state, county))
        for row in (None, *Classification)
        for bucket in (None, AgeBucket.MONTH_3_TO_5, AgeBucket.MONTH_6_TO_8, AgeBucket.MONTH_24_PLUS)
        for state, county in ((None, None), ("LA", None), ("LA", "Caddo"), ("TX", "Lee"), (None, "Lee"))
    ]
    for moment in (then, then + timedelta(days=1)):
        for buyer in (Buyer(), Buyer(client.id), Buyer(client.id, frozenset({"AL", "LA"}))):
            counts = available_counts(criteria=questions, buyer=buyer, as_of=moment)
            for question in questions:
                expected = counted_one_by_one(question, buyer, moment)
                assert counts[question] == expected.total
                assert availability(criteria=question, buyer=buyer, as_of=moment) == expected


def spoil_state() -> None:
    PlaceCount.objects.filter(county=None).update(records=7)


def spoil_county() -> None:
    PlaceCount.objects.exclude(county=None).delete()


def spoil_changes() -> None:
    CountChange.objects.create(state="TX", county="Lee", classification="Gold", age_bucket="MONTH_3_TO_5", records=-3)


def spoil_records() -> None:
    """Changes that the triggers do not see."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE inventory SET sold_at_utc = enters_at_utc")
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.mark.parametrize("spoil", [spoil_state, spoil_county, spoil_changes, spoil_records])
def test_verification_finds_and_repairs_what_is_wrong(
    client: Client, as_of: datetime, spoil: Callable[[], None]
) -> None:
    stock(4, as_of=as_of)
    buy(client, 1, GOLD_6, as_of=as_of)
    counts_compact()
    out = StringIO()
    call_command("check_inventory_status", "--verify", stdout=out)
    assert "All counts are what the records say" in out.getvalue()
    spoil()
    with pytest.raises(
        CommandError, match=r"(One count was|[2-9] counts were) not what the records say; that is mended"
    ) as verdict:
        call_command("check_inventory_status", "--verify", stdout=out)
    assert verdict.value.returncode == 1
    assert counts_compare() == []
    call_command("check_inventory_status", "--verify", stdout=out)
    expected = InventoryRecord.objects.sellable(as_of).count()
    assert available_count(criteria=GOLD_6, buyer=Buyer(), as_of=as_of) == expected
    assert not PlaceCount.objects.filter(records=0).exists()


def test_a_difference_names_the_client_in_full_where_the_terminal_is_narrow(as_of: datetime) -> None:
    stock(1, as_of=as_of)
    owner = uuid4()
    PlaceCount.objects.create(owner=owner, state="LA", classification="Gold", age_bucket="MONTH_6_TO_8", records=2)
    out = StringIO()
    with pytest.raises(CommandError, match="One count was"):
        call_command("check_inventory_status", "--verify", stdout=out)
    cells = [line.split("│")[3].strip() for line in out.getvalue().splitlines() if line.count("│") == 6]
    assert "".join(cells) == f"{owner} (owned)"


def test_a_record_that_is_removed_in_spite_of_all_is_not_counted(as_of: datetime) -> None:
    stock(3, as_of=as_of)
    with pgtrigger.ignore("inventory.InventoryRecord:inventory_is_history"):
        InventoryRecord.objects.all()[:1].get().delete()
    assert available_count(criteria=GOLD_6, buyer=Buyer(), as_of=as_of) == 2
    assert counts_compare() == []


def test_a_record_that_is_put_back_counts_again_and_one_that_nothing_happens_to_counts_on(as_of: datetime) -> None:
    records = InventoryRecord.objects.filter(id__in=[record.id for record in stock(3, as_of=as_of)])
    InventoryRecord.objects.filter(id=records[0].id).update(sold_at_utc=as_of)
    assert available_count(criteria=GOLD_6, buyer=Buyer(), as_of=as_of) == 2
    with pgtrigger.ignore("inventory.InventoryRecord:inventory_sold_stays_sold"):
        records.update(sold_at_utc=None)
    assert available_count(criteria=GOLD_6, buyer=Buyer(), as_of=as_of) == 3
    assert counts_compare() == []


def test_making_the_counts_anew_leaves_none_of_nothing(client: Client, as_of: datetime) -> None:
    stock(1, as_of=as_of)
    buy(client, 1, GOLD_6, as_of=as_of)
    counts_rebuild()
    assert not PlaceCount.objects.exists()


@pytest.mark.usefixtures("_statistics_know_nothing")
def test_each_sale_and_record_looks_up_its_lead_by_key_whatever_statistics_say(client: Client, as_of: datetime) -> None:
    """Where they know nothing, PostgreSQL takes a partial index for empty: it read all of it again for each sale."""
    stock(200, as_of=as_of)
    buy(client, 20, GOLD_6, as_of=as_of)
    before = entries_read()
    buy(client, 100, GOLD_6, as_of=as_of)
    assert entries_read() - before < 100 * 30


@pytest.fixture
def _statistics_know_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pg_statistic WHERE starelid = 'inventory'::regclass")
        cursor.execute("UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE oid = 'inventory'::regclass")


def entries_read() -> int:
    """Entries of the inventory's indexes, and its rows without them, that this transaction has read until now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_stat_get_xact_tuples_returned(relation)) FROM ("
            "SELECT 'inventory'::regclass::oid UNION ALL"
            " SELECT indexrelid FROM pg_index WHERE indrelid = 'inventory'::regclass) AS of_inventory (relation)"
        )
        (read,) = cursor.fetchone()
    return int(read)

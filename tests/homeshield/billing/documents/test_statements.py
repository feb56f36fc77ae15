"""Monthly statements (contract, "Money"): what they open with and list is what they close with, and what the ledger
says.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from homeshield.accounts.models import Client
from homeshield.billing.documents import statements
from homeshield.billing.documents.facts import DocumentKind, StatementContents
from homeshield.billing.documents.issuing import document_issue
from homeshield.billing.documents.models import Document
from homeshield.billing.documents.statements import statements_issue
from homeshield.billing.ledger.models import LedgerLeg
from homeshield.billing.ledger.services import ledger_adjust
from tests.factories import ClientFactory
from tests.homeshield.billing.ledger.money import pay_in

YEAR = datetime(2026, 1, 1, tzinfo=UTC)
AUTUMN = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture
def company(db: None) -> Client:
    client: Client = ClientFactory()
    return client


def move(client: Client, amount: str, at: datetime) -> None:
    """A movement either way, whatever the balance."""
    ledger_adjust(client_id=client.id, amount=Decimal(amount), reason="a word", by=None, as_of=at)


def contents(document: Document) -> StatementContents:
    found = document.facts.contents
    assert isinstance(found, StatementContents)
    return found


def statements_of(client: Client) -> list[Document]:
    return list(Document.objects.filter(client=client, kind=DocumentKind.STATEMENT).order_by("month"))


class Statements(TestCase):
    @settings(deadline=None, max_examples=20)
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 300),  # days: some are booked late, for a month that has its statement
                st.integers(-99_999, 99_999).filter(bool),  # cents
                st.booleans(),  # whether statements are made after it
            ),
            max_size=12,
        )
    )
    def test_every_entry_is_on_one_statement_and_sums_agree(self, moves: list[tuple[int, int, bool]]) -> None:
        client, other = ClientFactory(), ClientFactory()
        booked_until = YEAR
        for days, cents, issued in moves:
            at = YEAR + timedelta(days=days)
            booked_until = max(booked_until, at)
            move(client, str(Decimal(cents) / 100), at)
            if issued:
                statements_issue(as_of=booked_until)
        statements_issue(as_of=AUTUMN)
        assert statements_issue(as_of=AUTUMN) == 0  # a second time makes none

        legs = list(LedgerLeg.objects.filter(client=client).order_by("entry"))
        entry, balance, month = 0, Decimal(0), date(2025, 1, 1)
        for document in statements_of(client):
            said = contents(document)
            assert document.month is not None
            assert document.month > month
            assert (said.first_entry, said.opening) == (entry + 1, balance)
            covered = legs[entry : said.last_entry]
            assert [movement.amount for movement in said.movements] == [leg.amount for leg in covered]
            assert said.opening + sum(leg.amount for leg in covered) == said.closing == document.total
            assert said.movements or said.opening  # anything in it, or a balance
            entry, balance, month = said.last_entry, said.closing, document.month
        assert entry == len(legs)
        if legs:
            assert balance == legs[-1].balance_after
        assert not statements_of(other)


def test_a_month_with_a_balance_and_nothing_else_has_one_too(company: Client) -> None:
    pay_in(company, "100.00", as_of=YEAR)
    assert statements_issue(as_of=datetime(2026, 4, 1, tzinfo=UTC)) == 3
    assert [(str(one.month), len(contents(one).movements)) for one in statements_of(company)] == [
        ("2026-01-01", 1),
        ("2026-02-01", 0),
        ("2026-03-01", 0),
    ]
    numbers = [one.number for one in statements_of(company)]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]


def test_a_month_ends_in_utc_and_belongs_to_no_statement_before(company: Client) -> None:
    pay_in(company, "1.00", as_of=datetime(2026, 2, 1, tzinfo=UTC) - timedelta(microseconds=1))
    pay_in(company, "2.00", as_of=datetime(2026, 2, 1, tzinfo=UTC))
    assert statements_issue(as_of=datetime(2026, 2, 1, tzinfo=UTC) - timedelta(microseconds=1)) == 0
    assert statements_issue(as_of=datetime(2026, 2, 1, tzinfo=UTC)) == 1
    [january] = statements_of(company)
    assert january.total == 1


def test_what_is_booked_late_comes_with_the_next_statement(company: Client) -> None:
    pay_in(company, "5.00", as_of=YEAR)
    statements_issue(as_of=datetime(2026, 2, 2, tzinfo=UTC))
    pay_in(company, "7.00", as_of=YEAR)
    statements_issue(as_of=datetime(2026, 3, 1, tzinfo=UTC))
    _, february = statements_of(company)
    assert [movement.at_utc for movement in contents(february).movements] == [YEAR]
    assert february.total == 12


def test_nobody_without_money_gets_one(company: Client) -> None:
    pay_in(company, "5.00", as_of=YEAR)
    move(company, "-5.00", YEAR)
    statements_issue(as_of=AUTUMN)
    assert [str(one.month) for one in statements_of(company)] == ["2026-01-01"]


def test_too_many_movements_become_days(company: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "MOST_MOVEMENTS", 3)
    for hour in (1, 2, 30, 31):
        pay_in(company, "1.00", as_of=YEAR + timedelta(hours=hour))
    statements_issue(as_of=datetime(2026, 2, 1, tzinfo=UTC))
    said = contents(statements_of(company)[0])
    assert said.by_day
    assert [(movement.text, str(movement.amount), str(movement.balance)) for movement in said.movements] == [
        ("2 movements", "2.00", "2.00"),
        ("2 movements", "2.00", "4.00"),
    ]


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"opening": Decimal(1), "closing": Decimal(5)}, "statement_follows_the_one_before"),
        ({"first_entry": 2}, "statement_follows_the_one_before"),
        ({"closing": Decimal(6)}, "statement_ends_as_the_ledger"),
        ({"last_entry": 2}, "statement_ends_as_the_ledger"),
    ],
)
def test_the_database_takes_no_other_statement(company: Client, wrong: dict[str, Decimal], constraint: str) -> None:
    pay_in(company, "5.00", as_of=YEAR)
    right = {"opening": Decimal(0), "closing": Decimal(5), "first_entry": 1, "last_entry": 1}
    given = StatementContents(**{**right, **wrong}, by_day=False, movements=())  # type: ignore[arg-type]
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        document_issue(
            kind=DocumentKind.STATEMENT, client_id=company.id, total=given.closing, contents=given, as_of=AUTUMN,
            month=date(2026, 1, 1),
        )  # fmt: skip
    assert refused.value.__cause__.diag.constraint_name == constraint  # type: ignore[union-attr]
    assert not Document.objects.exists()


def test_a_document_is_final(company: Client) -> None:
    pay_in(company, "5.00", as_of=YEAR)
    statements_issue(as_of=AUTUMN)
    for statement in ("UPDATE documents SET total = 1", "DELETE FROM documents"):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert {one.total for one in statements_of(company)} == {Decimal("5.00")}


def test_the_command_says_how_many(company: Client, capsys: pytest.CaptureFixture[str]) -> None:
    pay_in(company, "5.00", as_of=YEAR)
    call_command("issue_statements", "--json")
    assert f'"issued": {len(statements_of(company))}' in capsys.readouterr().out
    assert statements_of(company)

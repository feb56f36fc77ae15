"""Contract, "Export": one row per sale, only one's own, harmless in a spreadsheet, and all of it recorded."""

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.pq import TransactionStatus
from pytest_django import Settings

from exports import batches
from exports.batches import ExportInterrupted
from exports.columns import COLUMNS
from exports.errors import NoSalesNamed, SaleNotFound, SaleOfAnotherClient
from exports.models import Export, ExportCompletion, SanitisedCell
from exports.services import (
    export_complete,
    export_start_order,
    export_start_sales,
    export_stream,
)
from homeshield.accounts.models import Client
from homeshield.lib.spreadsheet_cells import harmless, loses_more_than_blanks
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from sales.models import Order, Sale
from tests.factories import ClientFactory, UserFactory, stock
from tests.homeshield.lib.embedded_postgres.isolation import wait_until
from tests.sales.purchases import demand, place, set_prices

OUTSIDE = [column.header for column in COLUMNS if column.from_outside]


def start(order: Order, as_of: datetime) -> Export:
    return export_start_order(client_id=order.client_id, user=None, order_id=order.id, as_of=as_of)


def rows(export: Export) -> list[dict[str, str]]:
    text = b"".join(export_stream(export)).decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


# --- The file ---


def test_rows_end_in_crlf_and_line_breaks_within_cells_stay_as_they_are(
    order_of: Callable[..., Order], as_of: datetime
) -> None:
    order = order_of(address="1 Elm St\nApt 2", lender="A\r\nB", agent_id="last\n")

    file = b"".join(export_stream(start(order, as_of)))

    assert file.count(b"\r\n") == 3  # the header, the lender's own, the row
    assert b'"1 Elm St\nApt 2"' in file
    assert b'"A\r\nB"' in file
    assert file.endswith(b',"last\n"\r\n')


def test_the_file_is_utf_8_without_a_byte_order_mark(order_of: Callable[..., Order], as_of: datetime) -> None:
    order = order_of(full_name="José Muñoz-O’Neil 李 🏠")

    file = b"".join(export_stream(start(order, as_of)))

    assert file.startswith(b"sale_id,")
    assert "José Muñoz-O’Neil 李 🏠".encode() in file


def test_rows_come_in_the_order_of_the_order_s_lines(company: Client, as_of: datetime) -> None:
    set_prices(as_of)
    old = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_12_TO_23)
    young = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)
    stock(3, as_of=as_of, age_days=400)
    stock(3, as_of=as_of, age_days=100)
    order = place(company, demand(2, young), demand(3, old), as_of=as_of)

    exported = rows(start(order, as_of))

    expected = [str(sale.id) for sale in Sale.objects.order_by("line_number", "id")]
    assert [row["sale_id"] for row in exported] == expected
    assert [row["age_bucket_at_purchase"] for row in exported] == [young.age_bucket] * 2 + [old.age_bucket] * 3


# --- Formulas ---

HARMLESS = {
    '=HYPERLINK("http://x.invalid","a")': 'HYPERLINK("http://x.invalid","a")',
    "+1+1": "1+1",
    "-2+3": "2+3",
    "@SUM(A1)": "SUM(A1)",
    "\t=1": "1",
    "\r=1": "1",
    "=-+@\t\r=cmd|' /C calc'!A0": "cmd|' /C calc'!A0",
    "==": "",
    " =1": "1",
    "\n=1": "1",
    "＝1": "1",
    "\u3000\ufeff＋1": "1",
    "\u200bx": "x",
}


@pytest.mark.parametrize(("payload", "left"), HARMLESS.items())
@pytest.mark.parametrize("column", ["full_name", "zip", "agent_id"])
def test_a_cell_loses_all_its_leading_formula_characters(
    order_of: Callable[..., Order], as_of: datetime, column: str, payload: str, left: str
) -> None:
    order = order_of(**{column: payload})
    export = start(order, as_of)

    [row] = rows(export)

    assert row[column] == left
    [cell] = SanitisedCell.objects.all()
    assert (cell.export_id, cell.sale_id, cell.column) == (export.id, order.sales.get().id, column)
    assert cell.removed + left == payload


def test_a_cell_that_loses_blanks_alone_is_not_recorded(order_of: Callable[..., Order], as_of: datetime) -> None:
    [row] = rows(start(order_of(lender="\N{NO-BREAK SPACE} FIRST EXAMPLE BANK", agent_id="=7"), as_of))

    assert (row["lender"], row["agent_id"]) == ("FIRST EXAMPLE BANK", "7")
    assert [cell.column for cell in SanitisedCell.objects.all()] == ["agent_id"]


def test_every_column_of_outside_text_is_made_harmless_and_recorded(
    order_of: Callable[..., Order], as_of: datetime
) -> None:
    [row] = rows(start(order_of(**{column: f"=+{column}" for column in OUTSIDE}), as_of))

    assert {column: row[column] for column in OUTSIDE} == {column: column for column in OUTSIDE}
    assert set(SanitisedCell.objects.values_list("column", "removed")) == {(column, "=+") for column in OUTSIDE}


@pytest.mark.parametrize("text", ["1=1", "a-b", "'=1", "$132,550", "−1"])
def test_a_cell_that_begins_with_something_else_stays_as_it_is(
    order_of: Callable[..., Order], as_of: datetime, text: str
) -> None:
    [row] = rows(start(order_of(lender=text), as_of))

    assert row["lender"] == text
    assert not SanitisedCell.objects.exists()


cells = st.text(
    st.one_of(
        st.sampled_from("=+-@\t\r\n\",; '\\.＝\u3000\ufeff"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=st.fixed_dictionaries(dict.fromkeys(OUTSIDE, cells)))
def test_whatever_a_lead_holds_the_file_gives_it_back_without_leading_formula_characters(
    order_of: Callable[..., Order], as_of: datetime, facts: dict[str, str]
) -> None:
    export = start(order_of(**facts), as_of)

    [row] = rows(export)

    expected = {name: harmless(text) for name, text in facts.items()}
    assert {name: row[name] for name in OUTSIDE} == expected
    recorded = dict(SanitisedCell.objects.filter(export=export).values_list("column", "removed"))
    assert recorded == {
        name: text[: len(text) - len(expected[name])] for name, text in facts.items() if loses_more_than_blanks(text)
    }


# --- The record ---


def test_an_export_is_recorded_before_its_first_byte(order_of: Callable[..., Order], as_of: datetime) -> None:
    order = order_of(3)
    user = UserFactory(client=order.client)

    export_stream(export_start_order(client_id=order.client_id, user=user, order_id=order.id, as_of=as_of))

    [export] = Export.objects.all()
    assert (export.client, export.user, export.exported_at_utc, export.rows) == (order.client, user, as_of, 3)
    assert export.sale_ids == [sale.id for sale in order.sales.order_by("line_number", "id")]


# --- Whose ---


def test_an_order_of_another_client_cannot_be_exported(order_of: Callable[..., Order], as_of: datetime) -> None:
    order = order_of()

    for client_id, order_id in [(ClientFactory().id, order.id), (order.client_id, uuid4())]:
        with pytest.raises(SaleNotFound) as refusal:
            export_start_order(client_id=client_id, user=None, order_id=order_id, as_of=as_of)
        assert refusal.value.status == 404
    assert not Export.objects.exists()


def test_sales_are_exported_by_their_ids_each_once_over_several_orders(
    order_of: Callable[..., Order], company: Client, as_of: datetime
) -> None:
    first, second = order_of(2), order_of(2)
    wanted = [second.sales.last().id, first.sales.last().id, second.sales.last().id]  # type: ignore[union-attr]

    export = export_start_sales(client_id=company.id, user=None, sale_ids=wanted, as_of=as_of)

    assert [row["sale_id"] for row in rows(export)] == [str(wanted[1]), str(wanted[0])]
    assert export.rows == 2


def test_a_sale_of_another_client_refuses_the_whole_export(
    order_of: Callable[..., Order], company: Client, as_of: datetime
) -> None:
    own, foreign = order_of().sales.get(), order_of(buyer=ClientFactory()).sales.get()

    with pytest.raises(SaleOfAnotherClient) as refusal:
        export_start_sales(client_id=company.id, user=None, sale_ids=[own.id, foreign.id], as_of=as_of)

    assert (refusal.value.status, refusal.value.sale_ids) == (403, [foreign.id])
    assert not Export.objects.exists()


def test_an_unknown_sale_refuses_the_whole_export(
    order_of: Callable[..., Order], company: Client, as_of: datetime
) -> None:
    own, unknown = order_of().sales.get(), uuid4()

    with pytest.raises(SaleNotFound) as refusal:
        export_start_sales(client_id=company.id, user=None, sale_ids=[unknown, own.id], as_of=as_of)

    assert (refusal.value.status, refusal.value.sale_ids) == (404, [unknown])
    assert str(unknown) in refusal.value.message
    assert not Export.objects.exists()


def test_an_export_names_sales(company: Client, as_of: datetime) -> None:
    with pytest.raises(NoSalesNamed):
        export_start_sales(client_id=company.id, user=None, sale_ids=[], as_of=as_of)


# --- The stream ---


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)


@pytest.mark.usefixtures("small_batches")
def test_the_stream_comes_in_pieces_that_make_up_the_file(order_of: Callable[..., Order], as_of: datetime) -> None:
    order = order_of(5, full_name="=x")

    pieces = list(export_stream(start(order, as_of)))

    assert [piece.count(b"\r\n") for piece in pieces] == [1 + 2, 2, 1]
    [header, *written] = csv.reader(io.StringIO(b"".join(pieces).decode(), newline=""))
    assert header[0] == "sale_id"
    assert [row[0] for row in written] == [str(sale.id) for sale in order.sales.order_by("line_number", "id")]
    assert SanitisedCell.objects.count() == 5


def in_a_transaction() -> int:
    """How many other connections to this database are within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND xact_start IS NOT NULL AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("small_batches")
def test_a_slow_or_lost_reader_leaves_no_transaction_open_and_is_not_run_ahead_of(
    order_of: Callable[..., Order], as_of: datetime
) -> None:
    stream = export_stream(start(order_of(9, full_name="=x"), as_of))

    assert next(stream).count(b"\r\n") == 1 + 2

    assert SanitisedCell.objects.count() >= 2, "the cells of a piece are recorded before the piece is sent"
    wait_until(lambda: SanitisedCell.objects.count() == (1 + batches.READERS) * 2 and not in_a_transaction())
    assert connection.connection.info.transaction_status == TransactionStatus.IDLE
    stream.close()  # type: ignore[attr-defined]  # what the server does when the buyer is gone
    wait_until(lambda: not in_a_transaction())  # a pooler tidies its connections for a moment
    assert SanitisedCell.objects.count() == (1 + batches.READERS) * 2
    assert not ExportCompletion.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("small_batches")
def test_batches_read_at_the_same_time_come_in_their_order(order_of: Callable[..., Order], as_of: datetime) -> None:
    order = order_of(9, full_name="=x")

    exported = rows(start(order, as_of))

    assert [row["sale_id"] for row in exported] == [str(sale.id) for sale in order.sales.order_by("line_number", "id")]
    assert SanitisedCell.objects.count() == 9


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("small_batches")
def test_a_database_that_fails_midway_breaks_the_stream_off(order_of: Callable[..., Order], as_of: datetime) -> None:
    stream = export_stream(start(order_of(9), as_of))
    next(stream)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leads RENAME TO leads_elsewhere")
        try:
            with pytest.raises(DatabaseError):
                list(stream)
        finally:
            cursor.execute("ALTER TABLE leads_elsewhere RENAME TO leads")
    assert not ExportCompletion.objects.exists()


@pytest.mark.direct
@pytest.mark.django_db(transaction=True)
def test_a_stream_whose_end_cannot_be_recorded_breaks_off(order_of: Callable[..., Order], as_of: datetime) -> None:
    stream = export_stream(start(order_of(2), as_of))
    next(stream)
    rival = connection.copy()
    with rival.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    rival.close()

    with pytest.raises(OperationalError):
        next(stream)

    connection.close()
    assert not ExportCompletion.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("small_batches")
def test_a_stream_that_misses_rows_breaks_off(
    order_of: Callable[..., Order], as_of: datetime, settings: Settings
) -> None:
    stream = export_stream(start(order_of(9), as_of))
    next(stream)
    settings.DEBUG = True
    call_command("reset_test_inventory", "--yes", verbosity=0)

    with pytest.raises(ExportInterrupted):
        list(stream)


# --- The end ---


def test_a_file_that_was_given_out_in_full_is_on_record_with_its_digest(
    order_of: Callable[..., Order], as_of: datetime
) -> None:
    export = start(order_of(3, full_name="José"), as_of)

    file = b"".join(export_stream(export))

    [completion] = ExportCompletion.objects.all()
    assert (completion.export, completion.size_bytes) == (export, len(file))
    assert completion.sha256 == hashlib.sha256(file).hexdigest()


def test_the_record_of_a_file_is_final(order_of: Callable[..., Order], as_of: datetime) -> None:
    order = order_of()
    export, other = start(order, as_of), start(order, as_of)
    b"".join(export_stream(export))

    for change in (
        export.completion.delete,
        lambda: ExportCompletion.objects.update(size_bytes=1),
        lambda: b"".join(export_stream(export)),  # it has a digest already
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()

    with pytest.raises(IntegrityError, match="export_digest_is_a_sha_256"), transaction.atomic():
        export_complete(export=other, sha256="none", size_bytes=1)

"""Documents as PDF: the same bytes for the same document, and every text as text (contract, "Money")."""

import json
from dataclasses import asdict, replace
from decimal import Decimal
from hashlib import sha256

import pytest

from homeshield.billing.documents import render
from homeshield.billing.documents.facts import Contents, DocumentKind, Facts, InvoiceContents, Party
from homeshield.billing.documents.sheet import sheet_of
from tests.homeshield.billing.documents.examples import (
    CREDIT,
    FULL,
    INVOICE,
    REDUCED,
    STATEMENT,
    facts,
    pdf,
    text_of,
)

EACH: list[tuple[DocumentKind, Contents]] = [
    (DocumentKind.INVOICE, INVOICE),
    (DocumentKind.CREDIT_NOTE, CREDIT),
    (DocumentKind.STATEMENT, STATEMENT),
]


@pytest.mark.parametrize(("kind", "contents"), EACH)
def test_the_same_document_is_the_same_file(kind: DocumentKind, contents: Contents) -> None:
    made = pdf(facts(kind, contents))
    assert made == pdf(facts(kind, contents))
    assert made.startswith(b"%PDF")


@pytest.mark.parametrize(("kind", "contents"), EACH)
def test_what_is_stored_says_the_same(kind: DocumentKind, contents: Contents) -> None:
    stored = json.loads(json.dumps(contents.as_json()))
    assert type(contents).from_json(stored) == contents


def test_an_invoice_shows_prices_before_and_after() -> None:
    said = text_of(pdf(facts(DocumentKind.INVOICE, INVOICE)))
    for expected in (
        *("Invoice #10432", "Bayou Insurance LLC", "7 Magnolia Dr", "HomeShield Inc.", "Tax ID 00-0000001"),
        *("Silver, 3 to 5 months, Caddo, LA", "10% off from 10 leads", "$7.50 $6.75", "$67.50"),
        *("Before discounts $91.00", "Discounts −$7.50", "Total (USD) $83.50"),
    ):
        assert expected in said


def test_without_a_discount_nothing_is_crossed_out() -> None:
    plain = facts(DocumentKind.INVOICE, InvoiceContents(placed_at_utc=INVOICE.placed_at_utc, lines=(FULL,)))
    said = text_of(pdf(replace(plain, total=Decimal("16.00"))))
    assert "discount" not in said.lower()


def test_a_credit_note_names_its_invoice_and_a_statement_its_month() -> None:
    credit = text_of(pdf(facts(DocumentKind.CREDIT_NOTE, CREDIT)))
    assert "Credit note #C10432" in credit
    assert "Invoice #10432" in credit
    statement = text_of(pdf(facts(DocumentKind.STATEMENT, STATEMENT)))
    assert "Statement for May 2026" in statement
    assert "HomeShield holds $16.50 for you." in statement
    owed = replace(facts(DocumentKind.STATEMENT, STATEMENT), contents=replace(STATEMENT, closing=Decimal("-9.00")))
    assert "You owe HomeShield $9.00." in text_of(pdf(owed))


HOSTILE = [
    '#panic("x")',
    '#import "@preview/x:1.0.0"',
    '#read("/etc/passwd")',
    "*bold* _italic_ $x^2$ `raw` <label> @reference [content] // comment",
    "= Heading",
    "\\ \\u{1F600} ~ -- ---",
    "<b>&amp;</b>",
    "{{ 7 * 7 }} {% now %}",
]


def named(name: str) -> Facts:
    return facts(DocumentKind.INVOICE, INVOICE, buyer=Party(name=name, address=name, tax_id=name))


@pytest.mark.parametrize("name", HOSTILE)
def test_markup_in_a_name_is_text(name: str) -> None:
    said = " ".join(text_of(pdf(named(name))).split())
    assert said.count(" ".join(name.split())) == 3


def test_other_scripts_and_emoji_are_text() -> None:
    said = text_of(pdf(named("Ünïcode Żółw Ωmega Привет 🏠")))
    assert said.count("Ünïcode Żółw Ωmega Привет 🏠") == 3
    assert "שלום" in text_of(pdf(named("שלום")))


def test_control_characters_and_marks_of_direction_are_left_out() -> None:
    said = text_of(pdf(named("a\x00b\x07c \u202e00.1$\u202c \u2066x\u2069\u200f")))
    assert "a b c 00.1$ x" in said
    assert not set(said) & set("\x00\x07\u202e\u202c\u2066\u2069\u200f")


def test_a_long_word_stays_on_the_page_and_whole() -> None:
    said = "".join(text_of(pdf(named("W" * 200))).split())
    assert said.count("W" * 200) == 3


def test_many_lines_go_on_on_further_pages() -> None:
    lines = tuple(replace(REDUCED, text=f"Line {number}") for number in range(120))
    many = facts(DocumentKind.INVOICE, InvoiceContents(placed_at_utc=INVOICE.placed_at_utc, lines=lines))
    said = text_of(pdf(replace(many, total=Decimal("8100.00"))))
    assert "Page 7 of 7" in said
    assert said.count("QUANTITY") == 6  # the last page has the sums alone
    assert all(f"Line {number}\n" in said for number in range(120))


def test_layout_1_is_as_it_was_when_documents_were_issued_with_it() -> None:
    """A new look is a new layout, with a number of its own: what was issued stays the same for ever."""
    words = [asdict(sheet_of(facts(kind, contents))) for kind, contents in EACH]
    text = (render._LAYOUTS / "1.typ").read_text(encoding="utf-8") + json.dumps(words, sort_keys=True)
    assert sha256(text.encode()).hexdigest() == "31fa684413799234676d1ddf7d5ba2f439cdb7393c31ac358682c179596e7e3b"

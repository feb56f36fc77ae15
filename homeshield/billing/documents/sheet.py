"""A document laid out in words: the same for the page and for the PDF."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from homeshield.billing.documents.facts import (
    CreditContents,
    DocumentKind,
    Facts,
    InvoiceContents,
    Line,
    Party,
    StatementContents,
)
from homeshield.lib.money import dollars, signed_dollars


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """`before` is a price that no longer holds, `note` a remark below."""

    text: str
    before: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    label: str
    figure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Seller or buyer."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A document's words, in their order. The first column names the row."""

    kind: str
    number: str
    period: str
    title: str
    seller: Side
    buyer: Side
    facts: tuple[Fact, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    nothing: str
    """Stands in the place of rows where there are none."""
    sums: tuple[Sum, ...]
    remarks: tuple[str, ...]

    @property
    def labelled(self) -> list[list[tuple[Column, Cell]]]:
        """The rows, each cell with its column."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


NUMBER_FORMS = {DocumentKind.INVOICE: "#{}", DocumentKind.CREDIT_NOTE: "#C{}", DocumentKind.STATEMENT: "#S{}"}
"""A letter tells the sequences apart. An invoice has the number of its order."""


def number_text(kind: DocumentKind, number: int) -> str:
    """`#10432`, `#C10017`, `#S10245`"""
    return NUMBER_FORMS[kind].format(number)


def title_text(kind: DocumentKind, number: int) -> str:
    """`Invoice #10432`"""
    return f"{kind.label} {number_text(kind, number)}"


def month_text(month: date) -> str:
    """`October 2026`"""
    return f"{month:%B %Y}"


def sheet_of(facts: Facts) -> Sheet:
    match facts.contents:
        case InvoiceContents() as invoice:
            return _invoice(facts, invoice)
        case CreditContents() as credit:
            return _credit_note(facts, credit)
        case StatementContents() as statement:
            return _statement(facts, statement)


def _invoice(facts: Facts, invoice: InvoiceContents) -> Sheet:
    said = [Fact(label="Issued", value=day(facts.issued_at_utc)), Fact(label="Order", value=f"#{facts.number}")]
    remarks = [f"Charged to your HomeShield account on {day(invoice.placed_at_utc)}. Nothing more is due."]
    if facts.issued_at_utc.astimezone(UTC).date() != invoice.placed_at_utc.astimezone(UTC).date():
        said.append(Fact(label="Ordered", value=day(invoice.placed_at_utc)))
        remarks.append("Issued after the order, with the company details of that later day.")
    return _sheet(
        facts, said=said, columns=_LINE_COLUMNS, rows=tuple(map(_line_row, invoice.lines)),
        sums=_line_sums(facts, invoice.lines, total="Total (USD)"), remarks=remarks,
    )  # fmt: skip


def _credit_note(facts: Facts, credit: CreditContents) -> Sheet:
    said = [
        Fact(label="Issued", value=day(facts.issued_at_utc)),
        Fact(label="Corrects", value=title_text(DocumentKind.INVOICE, credit.order_number)),
    ]
    remarks = [f"Credited to your HomeShield account on {day(facts.issued_at_utc)}."]
    return _sheet(
        facts, said=said, columns=_LINE_COLUMNS, rows=tuple(map(_line_row, credit.lines)),
        sums=(Sum(label="Total credit (USD)", value=dollars(facts.total), strong=True),), remarks=remarks,
    )  # fmt: skip


def _statement(facts: Facts, statement: StatementContents) -> Sheet:
    assert facts.month is not None
    rows = tuple(
        (
            Cell(text=day(movement.at_utc)),
            Cell(text=movement.text),
            Cell(text=dollars(movement.amount)),
            Cell(text=dollars(movement.balance)),
        )
        for movement in statement.movements
    )
    said = [
        Fact(label="Issued", value=day(facts.issued_at_utc)),
        Fact(label="Month", value=month_text(facts.month)),
        Fact(label="Number", value=number_text(facts.kind, facts.number)),
    ]
    sums = (
        Sum(label="Opening balance", value=dollars(statement.opening)),
        Sum(label="Movements", value=signed_dollars(statement.closing - statement.opening)),
        Sum(label="Closing balance (USD)", value=dollars(statement.closing), strong=True),
    )
    remarks = [_standing(statement.closing), "Days and months are in UTC."]
    if statement.by_day:
        remarks.append("This month had too many movements to list: each row is the sum of a day. The ledger has all.")
    return _sheet(facts, said=said, columns=_MOVEMENT_COLUMNS, rows=rows, sums=sums, remarks=remarks)


def _standing(closing: Decimal) -> str:
    if closing < 0:
        return f"You owe HomeShield {dollars(-closing)}."
    if closing > 0:
        return f"HomeShield holds {dollars(closing)} for you."
    return "Nothing is owed on either side."


_LINE_COLUMNS = (
    Column(label="Leads", figure=False),
    Column(label="Quantity"),
    Column(label="Price each"),
    Column(label="Amount"),
)
_MOVEMENT_COLUMNS = (
    Column(label="Date", figure=False),
    Column(label="What", figure=False),
    Column(label="Amount"),
    Column(label="Balance"),
)


def _line_row(line: Line) -> tuple[Cell, ...]:
    before = dollars(line.list_price) if line.list_price != line.unit_price else ""
    return (
        Cell(text=line.text, note=line.note),
        Cell(text=f"{line.quantity:,}"),
        Cell(text=dollars(line.unit_price), before=before),
        Cell(text=dollars(line.amount)),
    )


def _line_sums(facts: Facts, lines: tuple[Line, ...], *, total: str) -> tuple[Sum, ...]:
    before = sum((line.list_price * line.quantity for line in lines), Decimal(0))
    last = Sum(label=total, value=dollars(facts.total), strong=True)
    if before == facts.total:
        return (last,)
    return (
        Sum(label="Before discounts", value=dollars(before)),
        Sum(label="Discounts", value=dollars(facts.total - before)),
        last,
    )


def _sheet(
    facts: Facts,
    *,
    said: list[Fact],
    columns: tuple[Column, ...],
    rows: tuple[tuple[Cell, ...], ...],
    sums: tuple[Sum, ...],
    remarks: list[str],
) -> Sheet:
    return Sheet(
        kind=str(facts.kind.label),
        number=number_text(facts.kind, facts.number),
        period=month_text(facts.month) if facts.month else "",
        title=title_text(facts.kind, facts.number),
        seller=_side(facts.seller),
        buyer=_side(facts.buyer),
        facts=tuple(said),
        columns=columns,
        rows=rows,
        nothing="No movements in this month." if not rows else "",
        sums=sums,
        remarks=tuple(remarks),
    )


def _side(party: Party) -> Side:
    lines = [line.strip() for line in party.address.splitlines() if line.strip()]
    if party.tax_id:
        lines.append(f"Tax ID {party.tax_id}")
    if party.email:
        lines.append(party.email)
    return Side(name=party.name, lines=tuple(lines))


def day(value: datetime) -> str:
    """`Nov 28, 2026`, in UTC."""
    utc = value.astimezone(UTC)
    return f"{utc:%b} {utc.day}, {utc:%Y}"

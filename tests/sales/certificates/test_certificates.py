"""The certificate of an order: what it says, and that one changed byte shows."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from homeshield.accounts.models import User
from homeshield.lib.signing import NotCertified, public_key, render, signed, verified
from sales.models import Order
from tests.factories import ClientFactory, LoadFactory, stock
from tests.sales.history.test_origins import GOLD
from tests.sales.purchases import buy

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(buyer: User, now: datetime) -> Order:
    assert buyer.client is not None
    stock(2, as_of=now, load=LoadFactory(loaded_at_utc=now, supplier="ACME"))
    return buy(buyer.client, 2, GOLD, as_of=now)


@pytest.fixture
def text(shop: Client, order: Order) -> bytes:
    response = shop.get(f"/orders/{order.id}/certificate.json")
    assert response["Content-Type"] == "application/json"
    assert re.fullmatch(
        r'attachment; filename="homeshield-certificate-\d{4}-\d\d-\d\d-[0-9a-f]{8}\.json"',
        response["Content-Disposition"],
    )
    return response.content


def instant(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_it_states_what_the_order_was(text: bytes, order: Order) -> None:
    document = verified(text, public_key())
    assert document["order"] == {
        "order_id": str(order.id), "placed_at": instant(order.placed_at_utc), "company_id": str(order.client_id),
        "company": order.client.name, "quantity": 2,
    }  # fmt: skip
    assert document["leads"] == [
        {
            "sale_id": str(sale.id), "lead_id": str(sale.lead_id), "age_bucket": "MONTH_6_TO_8",
            "loaded_at": instant(sale.lead.ingested_at_utc), "supplier": None, "sold_before": 0,
            "exclusive_until": instant(sale.inventory.expires_at_utc),
        }
        for sale in order.sales.order_by("line_number", "id")
    ]  # fmt: skip


def test_it_names_no_homeowner(text: bytes, order: Order) -> None:
    for lead in (sale.lead for sale in order.sales.all()):
        for fact in (lead.full_name, lead.borrower_phone, lead.address, lead.mortgage_id, lead.city):
            assert fact is not None
            assert fact.encode() not in text


def test_the_supplier_stands_there_where_the_setting_says_so(shop: Client, order: Order, settings: Settings) -> None:
    settings.SHOW_SUPPLIERS = True
    document = json.loads(shop.get(f"/orders/{order.id}/certificate.json").content)
    assert {lead["supplier"] for lead in document["leads"]} == {"ACME"}


def test_one_changed_byte_fails(text: bytes) -> None:
    key = public_key()
    assert verified(text, key)
    for place in range(len(text)):
        for other in (text[place] ^ 1, text[place] ^ 32):
            with pytest.raises(NotCertified):
                verified(text[:place] + bytes([other]) + text[place + 1 :], key)
    for changed in (text[1:], text[:-1], text + b" ", b" " + text, text.replace(b"\n", b"\r\n"), b"", b"[]", b"{}"):
        with pytest.raises(NotCertified):
            verified(changed, key)


def test_another_key_proves_nothing(text: bytes, settings: Settings) -> None:
    settings.CERTIFICATE_KEY = "another-certificate-key-" * 3
    with pytest.raises(NotCertified, match="another key"):
        verified(text, public_key())
    with pytest.raises(NotCertified, match="not an Ed25519 key"):
        verified(text, "c2hvcnQ=")
    forged = json.loads(text)
    del forged["signature"]
    settings.CERTIFICATE_KEY = project.CERTIFICATE_KEY
    assert render(verified(signed(forged), public_key())) == render(forged)


def test_the_command_proves_it(text: bytes, order: Order, tmp_path: Path) -> None:
    path, out = tmp_path / "certificate.json", StringIO()
    path.write_bytes(text)
    call_command("verify_certificate", str(path), stdout=out)
    assert f"Certified: order {order.id} of {instant(order.placed_at_utc)}, 2 leads for" in out.getvalue()
    path.write_bytes(text.replace(b'"sold_before": 0', b'"sold_before": 1', 1))
    with pytest.raises(CommandError, match="The file was changed") as refusal:
        call_command("verify_certificate", str(path))
    assert refusal.value.returncode == 1
    with pytest.raises(CommandError, match="No such file") as refusal:
        call_command("verify_certificate", str(tmp_path / "none.json"))
    assert refusal.value.returncode == 2


def test_the_ten_lines_of_the_documentation_prove_it(text: bytes, tmp_path: Path) -> None:
    page = Path(project.BASE_DIR, "docs", "certificates.md").read_text()
    [program] = re.findall(r"```python\n(.*?)```", page, re.S)
    assert len(program.splitlines()) <= 10
    path = tmp_path / "certificate.json"
    for content, code in ((text, 0), (text.replace(b'"sold_before": 0', b'"sold_before": 1', 1), 1)):
        path.write_bytes(content)
        done = subprocess.run([sys.executable, "-c", program, path, public_key()], capture_output=True, text=True)
        assert done.returncode == code, done.stderr


def test_another_companys_order_has_none(shop: Client, now: datetime) -> None:
    stock(1, as_of=now)
    order = buy(ClientFactory(), 1, GOLD, as_of=now)
    assert shop.get(f"/orders/{order.id}/certificate.json").status_code == 404


def test_a_shop_without_a_key_offers_none(shop: Client, order: Order, settings: Settings) -> None:
    assert "certificate.json" in shop.get(f"/orders/{order.id}/").content.decode()
    settings.CERTIFICATE_KEY = ""
    assert "certificate" not in shop.get(f"/orders/{order.id}/").content.decode().lower()
    assert shop.get(f"/orders/{order.id}/certificate.json").status_code == 404

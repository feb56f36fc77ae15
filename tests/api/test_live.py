"""The API over real HTTP: repeats in parallel, and the examples of docs/api.md."""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from pytest_django.live_server_helper import LiveServer

from sales.models import Order, Sale
from tests.api.conftest import Caller, caller_of
from tests.factories import ClientFactory, stock
from tests.sales.purchases import set_prices

DOCS = Path(settings.BASE_DIR) / "docs" / "api.md"


@pytest.fixture
def shop(transactional_db: None, live_server: LiveServer, now: datetime) -> Caller:
    """A key, in a shop that listens."""
    set_prices(since=now - timedelta(days=1))
    return caller_of(ClientFactory(), as_of=now)


def send_together(address: str, bodies: list[tuple[dict[str, Any], dict[str, str]]]) -> list[httpx.Response]:
    """One connection each, all at the same time."""

    def send(request: tuple[dict[str, Any], dict[str, str]]) -> httpx.Response:
        body, headers = request
        return httpx.post(address, json=body, headers=headers, timeout=30)

    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(threads.map(send, bodies))


def test_the_same_request_ten_times_at_once_is_one_purchase(
    shop: Caller, live_server: LiveServer, now: datetime
) -> None:
    stock(30, as_of=now)
    line = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": 3}
    body = {"client_id": str(shop.client.id), "criteria": [line]}
    headers = {"Authorization": f"Bearer {shop.token}", "Idempotency-Key": "once"}
    answers = send_together(f"{live_server.url}/api/v1/purchases/by-criteria", [(body, headers)] * 10)
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    assert sorted(answer.json().pop("replayed") for answer in answers) == [False, *[True] * 9]
    assert len({answer.json()["order_id"] for answer in answers}) == 1
    assert (Order.objects.count(), Sale.objects.count()) == (1, 3)


def test_one_key_with_two_bodies_at_once_is_one_purchase_and_one_refusal(
    shop: Caller, live_server: LiveServer, now: datetime
) -> None:
    stock(30, as_of=now)
    headers = {"Authorization": f"Bearer {shop.token}", "Idempotency-Key": "once"}
    bodies = [
        {"client_id": str(shop.client.id), "criteria": [
            {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "quantity": quantity}
        ]}
        for quantity in (2, 5)
    ]  # fmt: skip
    address = f"{live_server.url}/api/v1/purchases/by-criteria"
    answers = send_together(address, [(body, headers) for body in bodies])
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    assert Order.objects.count() == 1


def test_the_allowance_of_a_key_is_shared_by_everything_that_serves(
    shop: Caller, live_server: LiveServer, settings: Any
) -> None:
    settings.API_CALLS_PER_MINUTE, settings.API_CALLS_AT_ONCE = 1, 5
    headers = {"Authorization": f"Bearer {shop.token}"}
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: httpx.get(f"{live_server.url}/api/v1/prices", headers=headers), range(12)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * 5 + [429] * 7


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCS.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def surroundings(shop: Caller, live_server: LiveServer, now: datetime) -> dict[str, str]:
    stock(8, as_of=now)
    return {
        **os.environ,
        "HOMESHIELD_URL": live_server.url,
        "HOMESHIELD_KEY": shop.token,
        "HOMESHIELD_CLIENT": str(shop.client.id),
    }


def test_the_documented_examples_lead_from_a_key_to_a_csv(
    surroundings: dict[str, str], shop: Caller, tmp_path: Path
) -> None:
    short, client = blocks("python")
    use = (
        "import os\n"
        'shop = HomeShield(*(os.environ[f"HOMESHIELD_{name}"] for name in ("URL", "KEY", "CLIENT")))\n'
        'found = list(shop.inventory(state="LA"))\n'
        'bought = shop.buy(Line("Gold", "MONTH_6_TO_8", len(found)))\n'
        'shop.download(bought, Path("leads.csv"))\n'
        "try:\n"
        '    shop.buy(Line("Gold", "MONTH_6_TO_8", 1))\n'
        "except Refused as refusal:\n"
        '    assert refusal.detail["error"] == "insufficient_inventory"\n'
    )
    assert len([row for row in short.splitlines() if row and "import" not in row]) <= 10
    for rows, program in ((2, short), (6, client + use)):
        subprocess.run([sys.executable, "-c", program], env=surroundings, cwd=tmp_path, check=True, timeout=60)
        leads = (tmp_path / "leads.csv").read_text(encoding="utf-8").splitlines()
        assert len(leads) == rows + 1
        assert leads[0].startswith("sale_id,order_id,lead_id,")


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_documented_curl_leads_from_a_key_to_a_csv(surroundings: dict[str, str], tmp_path: Path) -> None:
    (script,) = blocks("sh")
    subprocess.run(["sh", "-ec", script], env=surroundings, cwd=tmp_path, check=True, timeout=60)
    assert len((tmp_path / "leads.csv").read_text(encoding="utf-8").splitlines()) == 3


def test_the_documented_client_is_typed(tmp_path: Path) -> None:
    program = tmp_path / "client.py"
    program.write_text(blocks("python")[1], encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(tmp_path), str(program)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout

"""The download on the order's page."""

import csv
import io
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.urls import reverse

from exports.models import Export
from sales.models import Order
from tests.factories import StaffFactory, UserFactory


def address(order_id: object) -> str:
    return reverse("exports:order-download", args=[order_id])


def test_a_buyer_downloads_the_leads_of_an_order(
    client: Browser, order_of: Callable[..., Order], now: datetime
) -> None:
    order = order_of(3, at=now)
    user = UserFactory(client=order.client)
    client.force_login(user)

    response = client.get(address(order.id))

    assert response.streaming
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    name = f"homeshield-order-{now:%Y-%m-%d}-{str(order.id)[-8:]}.csv"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    file = csv.DictReader(io.StringIO(response.getvalue().decode(), newline=""))
    assert [row["sale_id"] for row in file] == [str(sale.id) for sale in order.sales.order_by("line_number", "id")]
    [export] = Export.objects.all()
    assert (export.user, export.client, export.rows) == (user, order.client, 3)
    assert abs((export.exported_at_utc - now).total_seconds()) < 60


def test_an_order_of_another_company_is_not_there(client: Browser, order_of: Callable[..., Order]) -> None:
    order = order_of()
    client.force_login(UserFactory())

    assert client.get(address(order.id)).status_code == 404
    assert client.get(address(uuid4())).status_code == 404
    assert not Export.objects.exists()


def test_a_colleague_downloads_the_company_s_order(client: Browser, order_of: Callable[..., Order]) -> None:
    order = order_of()
    client.force_login(UserFactory(client=order.client))

    assert client.get(address(order.id)).status_code == 200


def test_whoever_is_not_signed_in_is_asked_to(client: Browser, order_of: Callable[..., Order]) -> None:
    order = order_of()

    response = client.get(address(order.id))

    assert response.status_code == 302
    assert response["Location"] == f"{reverse('account_login')}?next={address(order.id)}"
    assert not Export.objects.exists()


def test_staff_download_no_leads(client: Browser, order_of: Callable[..., Order]) -> None:
    order = order_of()
    client.force_login(StaffFactory())

    assert client.get(address(order.id)).status_code == 403
    assert not Export.objects.exists()


@pytest.mark.parametrize("method", ["head", "post", "put", "delete"])
def test_only_a_get_downloads(client: Browser, order_of: Callable[..., Order], method: str) -> None:
    order = order_of()
    client.force_login(UserFactory(client=order.client))

    assert getattr(client, method)(address(order.id)).status_code == 405
    assert not Export.objects.exists()

"""What people do in a shop that serves over HTTP, in the order in which they do it."""

import re
from html import unescape
from typing import Any

import httpx

from homeshield.demo.contents import BUYER, PASSWORD, STAFF


def sign_in(browser: httpx.Client, email: str) -> str:
    """The page that greets who signs in."""
    browser.get("/accounts/login/")
    return post(browser, "/accounts/login/", login=email, password=PASSWORD).text


def post(browser: httpx.Client, address: str, **fields: Any) -> httpx.Response:
    """A form, sent as the browser does; the page that answers."""
    token = browser.cookies["csrftoken"]
    answer = browser.post(
        address, data={"csrfmiddlewaretoken": token, **fields}, headers={"Origin": str(browser.base_url)}
    )
    assert answer.status_code == 200, (address, answer.status_code)
    return answer


def buy_on_pages(browser: httpx.Client) -> list[str]:
    """Signs a buyer in, puts an order together, buys it and downloads it. The lines of the file."""
    sign_in(browser, BUYER)
    assert browser.get("/inventory/?classification=Gold&age_bucket=MONTH_6_TO_8").status_code == 200
    post(browser, "/order/lines/", classification="Gold", age_bucket="MONTH_6_TO_8", quantity=2)
    shown = browser.get("/order/").text
    fields = {name: hidden(shown, name) for name in ("draft_id", "version", "expected_total")}
    bought = post(browser, "/order/buy/", **fields)
    assert "You bought 2 leads" in unescape(bought.text)
    assert bought.url.path in browser.get("/orders/").text
    download = browser.get(re.findall(r'href="(/[^"]*(?:download|csv)[^"]*)"', bought.text)[0])
    return download.text.splitlines()


def buy_by_api(site: httpx.Client, browser: httpx.Client, client_id: str) -> list[str]:
    """Makes a key on its page, quotes, buys and downloads with it. The lines of the file."""
    made = post(browser, "/accounts/api-keys/", name="nightly import").text
    [token] = re.findall(r"hs_live_\w{12}_\w{40}", made)[:1]
    site.headers["Authorization"] = f"Bearer {token}"
    items = call(site, "GET", "/inventory?classification=Gold&limit=2")["items"]
    named = {"client_id": client_id, "inventory_item_ids": [item["inventory_id"] for item in items]}
    quote = call(site, "POST", "/quotes", json={"inventory_item_ids": named["inventory_item_ids"]})
    order = call(site, "POST", "/purchases", json=named | {"quote_id": quote["quote_id"]})
    assert len(call(site, "GET", "/purchases")["orders"]) == 2
    sales = {"client_id": client_id, "sale_ids": ",".join(order["sale_ids"])}
    return site.get("/api/v1/purchases/download", params=sales).text.splitlines()


def call(site: httpx.Client, method: str, operation: str, **sent: Any) -> Any:
    answer = site.request(method, f"/api/v1{operation}", **sent)
    assert answer.status_code == 200, (operation, answer.text)
    return answer.json()


def look_around_as_staff(browser: httpx.Client) -> dict[str, str]:
    """Every list of the administration by its address."""
    sign_in(browser, STAFF)
    index = browser.get("/admin/").text
    lists = sorted(set(re.findall(r'href="(/admin/\w+/\w+/)"', index)))
    pages = {address: browser.get(address) for address in lists}
    assert {address: page.status_code for address, page in pages.items() if page.status_code != 200} == {}
    return {address: page.text for address, page in pages.items()}


def hidden(page: str, name: str) -> str:
    value: str
    [value] = re.findall(rf'name="{name}" value="([^"]*)"', page)[:1]
    return value

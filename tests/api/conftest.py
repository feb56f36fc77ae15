"""A client with a key, in a shop with the starting prices."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponseBase
from django.test import Client as Browser

from homeshield.accounts.keys import key_create
from homeshield.accounts.models import ApiKey, Client, User
from tests.factories import ClientFactory, UserFactory
from tests.sales.purchases import set_prices


@dataclass
class Caller:
    """A program with a key of a client's."""

    client: Client
    key: ApiKey
    token: str

    def get(self, path: str, **query: Any) -> Any:
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str) -> Any:
        return self.send("POST", path, body=body, raw=raw, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        return self.answer(method, path, query=query, body=body, raw=raw, headers=headers)

    def answer(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> HttpResponseBase:
        browser = Browser(raise_request_exception=False)
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        kind = {"GET": browser.get, "POST": browser.post, "PUT": browser.put, "DELETE": browser.delete}[method]
        address = path if path.startswith("/") else f"/api/v1/{path}"
        sent = {"headers": {"Authorization": f"Bearer {self.token}"} | named}
        if method == "GET":
            return kind(address, query or {}, **sent)
        content = raw if raw is not None else body
        return kind(address, content, content_type="application/json", **sent)


def caller_of(client: Client, created_by: User | None = None, *, as_of: datetime) -> Caller:
    made = key_create(client_id=client.id, name="nightly import", created_by=created_by, as_of=as_of)
    return Caller(client, made.key, made.token)


@pytest.fixture
def buyer(db: None) -> User:
    return UserFactory()


@pytest.fixture
def caller(buyer: User, now: datetime) -> Caller:
    """A program of the buyer's company."""
    set_prices(since=now - timedelta(days=1))
    assert buyer.client is not None
    return caller_of(buyer.client, buyer, as_of=now)


@pytest.fixture
def other(caller: Caller, now: datetime) -> Caller:
    """A program of another company."""
    return caller_of(ClientFactory(), as_of=now)


type Ask = Callable[..., Any]

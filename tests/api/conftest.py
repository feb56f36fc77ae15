"""A client with a key, in a shop with the starting prices."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
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
        return self.send("GET", path, query)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Sends the body as JSON (bytes as they are); `Idempotency_Key=...` becomes a header."""
        return self.send("POST", path, body, **headers)

    def send(self, method: str, path: str, content: Any = None, **headers: str) -> Any:
        """A call of an operation of version 1, or of a whole address."""
        address = path if path.startswith("/") else f"/api/v1/{path}"
        named = {"Authorization": f"Bearer {self.token}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        browser: Any = Browser(raise_request_exception=False, headers=named)
        if method == "GET":
            return browser.get(address, content or {})
        return getattr(browser, method.lower())(address, content, content_type="application/json")


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

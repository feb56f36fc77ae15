"""A shop that takes cards, at the test server that speaks as Stripe."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from django.test import Client as Browser
from django.utils.csp import CSP
from pytest_django import Settings

from homeshield.accounts.models import Client, User
from homeshield.database_roles.rules import rules_apply
from tests.factories import UserFactory
from tests.stripe_server import KEY, SECRET, Stripe, stripe_server


@pytest.fixture
def _without_sources() -> None:
    """Here the ledger is held to the rows of payments, as everywhere but in the ledger's own tests."""


@pytest.fixture
def as_web(as_web: Callable[[], AbstractContextManager[None]]) -> Callable[[], AbstractContextManager[None]]:
    """With all triggers, as everywhere but in the ledger's own tests."""
    rules_apply()
    return as_web


@pytest.fixture
def stripe(settings: Settings) -> Iterator[Stripe]:
    with stripe_server() as service:
        takes_cards(settings, service)
        yield service


def takes_cards(settings: Settings, service: Stripe) -> None:
    """The settings of a shop whose Stripe account is this one."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = KEY, [SECRET]
    settings.STRIPE_API_BASE = settings.STRIPE_CHECKOUT_ORIGIN = service.base
    settings.SECURE_CSP = settings.SECURE_CSP | {"form-action": [CSP.SELF, service.base]}


@pytest.fixture
def owner(db: None) -> User:
    return UserFactory()


@pytest.fixture
def company(owner: User) -> Client:
    assert owner.client is not None
    return owner.client


@pytest.fixture
def browser(owner: User) -> Browser:
    signed_in = Browser()
    signed_in.force_login(owner)
    return signed_in

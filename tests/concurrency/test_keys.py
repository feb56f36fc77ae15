"""API keys that are made at the same time."""

from datetime import datetime
from functools import partial

import pytest

from homeshield.accounts.errors import TooManyKeys
from homeshield.accounts.keys import MAX_KEYS, MadeKey, key_create
from homeshield.accounts.models import ApiKey
from tests.concurrency.parallel import run_together
from tests.factories import ClientFactory


@pytest.mark.django_db(transaction=True)
def test_of_keys_made_at_once_as_many_are_made_as_there_is_room_for(as_of: datetime) -> None:
    client = ClientFactory()
    for n in range(MAX_KEYS - 2):
        key_create(client_id=client.id, name=f"n{n}", created_by=None, as_of=as_of)
    make = partial(key_create, client_id=client.id, name="at once", created_by=None, as_of=as_of)
    results = run_together([make] * 6)
    assert sum(isinstance(result, MadeKey) for result in results) == 2
    assert sum(isinstance(result, TooManyKeys) for result in results) == 4
    assert ApiKey.objects.filter(client=client, revoked_at_utc=None).count() == MAX_KEYS

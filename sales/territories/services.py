"""A company's named territories."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from inventory.facts.territory import Territory
from sales.territories.errors import TerritoryNameTaken, TerritoryNotFound, TooManyTerritories
from sales.territories.models import SavedTerritory

MOST = 100
"""Territories of a company."""


def territory_save(*, client_id: UUID, name: str, territory: Territory, as_of: datetime) -> SavedTerritory:
    """Raises TerritoryNameTaken, TooManyTerritories."""
    if SavedTerritory.objects.filter(client_id=client_id).count() >= MOST:
        raise TooManyTerritories(most=MOST)
    text = replace(territory, name="").as_text
    with _unique(name):
        return SavedTerritory.objects.create(client_id=client_id, name=name, territory=text, saved_at_utc=as_of)


def territory_rename(*, client_id: UUID, territory_id: UUID, name: str) -> None:
    """Raises TerritoryNotFound, also for another company's, and TerritoryNameTaken."""
    with _unique(name):
        if not SavedTerritory.objects.filter(client_id=client_id, id=territory_id).update(name=name):
            raise TerritoryNotFound


def territory_remove(*, client_id: UUID, territory_id: UUID) -> None:
    """Lines in carts keep their places. Raises TerritoryNotFound."""
    removed, _ = SavedTerritory.objects.filter(client_id=client_id, id=territory_id).delete()
    if not removed:
        raise TerritoryNotFound


@contextmanager
def _unique(name: str) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "territory_name_once_per_client" in str(error):
            raise TerritoryNameTaken(name=name) from error
        raise

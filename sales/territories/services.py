"""A company's named territories."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.lib.errors import refused_by_database
from inventory.facts.territory import Territory
from sales.territories.errors import TerritoryNameTaken, TerritoryNotFound, TooManyTerritories
from sales.territories.models import SavedTerritory

MOST = 100
"""Territories of a company."""

_TAKEN = ("territory_name_once_per_client",)


def territory_save(*, client_id: UUID, name: str, territory: Territory, as_of: datetime) -> SavedTerritory:
    """Raises TerritoryNameTaken, TooManyTerritories."""
    if SavedTerritory.objects.filter(client_id=client_id).count() >= MOST:
        raise TooManyTerritories(most=MOST)
    text = replace(territory, name="").as_text
    with refused_by_database(_TAKEN, TerritoryNameTaken(name=name)):
        saved = SavedTerritory.objects.create(client_id=client_id, name=name, territory=text, saved_at_utc=as_of)
        _record(AuditAction.TERRITORY_SAVE, saved, as_of)
    return saved


def territory_rename(*, client_id: UUID, territory_id: UUID, name: str, as_of: datetime) -> None:
    """Raises TerritoryNotFound, also for another company's, and TerritoryNameTaken."""
    with refused_by_database(_TAKEN, TerritoryNameTaken(name=name)):
        saved = _get(client_id, territory_id)
        saved.name = name
        saved.save(update_fields=["name"])
        _record(AuditAction.TERRITORY_RENAME, saved, as_of)


def territory_remove(*, client_id: UUID, territory_id: UUID, as_of: datetime) -> None:
    """Lines in carts keep their places. Raises TerritoryNotFound."""
    with transaction.atomic():
        saved = _get(client_id, territory_id)
        _record(AuditAction.TERRITORY_REMOVE, saved, as_of)
        saved.delete()


def _get(client_id: UUID, territory_id: UUID) -> SavedTerritory:
    """Locked, so that of two that remove it one finds nothing."""
    saved = SavedTerritory.objects.select_for_update().filter(client_id=client_id, id=territory_id).first()
    if saved is None:
        raise TerritoryNotFound
    return saved


def _record(action: AuditAction, saved: SavedTerritory, as_of: datetime) -> None:
    """Without its name, which somebody typed."""
    places = [place.as_text for place in saved.value.places]
    audit_record(action=action, obj=saved, client_id=saved.client_id, details={"places": places}, as_of=as_of)

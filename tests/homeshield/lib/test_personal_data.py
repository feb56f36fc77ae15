"""The registry of personal data is complete, and what shows, logs and exports goes by it."""

import logging
from dataclasses import fields
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models

from exports.columns import COLUMNS
from homeshield.lib.logs import formatter
from homeshield.lib.personal_data import About, fields_about, homeowner_fields
from inventory.listing import ListedRecord
from leads.age import AgeBucket
from leads.classification import Classification
from leads.models import Lead
from leads.previews import SHOWN_BEFORE_PURCHASE, Glimpse
from sales.browse.api_schemas import InventoryItem

TEXT = (models.CharField, models.TextField, models.GenericIPAddressField, models.JSONField, models.BinaryField)


def text_fields(model: type[models.Model]) -> set[str]:
    return {field.name for field in model._meta.concrete_fields if isinstance(field, TEXT) and not field.choices}


def test_every_text_field_of_every_model_is_marked_once() -> None:
    for model in apps.get_models():
        marks = [fields_about(model, about) for about in About]
        marked = set().union(*marks)
        assert marked == text_fields(model), f"{model._meta.label}: mark its fields (homeshield/lib/personal_data.py)"
        assert sum(map(len, marks)) == len(marked), model._meta.label


def test_the_preview_shows_no_more_of_a_lead_than_it_may() -> None:
    for shown in (set(InventoryItem.model_fields), {field.name for field in fields(ListedRecord)}):
        assert shown & homeowner_fields() == set(SHOWN_BEFORE_PURCHASE)


def test_no_list_of_staff_shows_sorts_or_filters_by_a_homeowner() -> None:
    for model, page in admin.site._registry.items():
        named = {str(name) for name in (*page.list_display, *page.list_filter, *page.search_fields)}
        path = {part for name in named for part in name.removeprefix("lead__").split("__")}
        assert not path & fields_about(model, About.HOMEOWNER), model
        assert not {name for name in named if name.startswith("lead__")} & {f"lead__{n}" for n in homeowner_fields()}


def test_no_row_is_called_by_what_it_holds_of_a_homeowner() -> None:
    lead = Lead(**{name: f"«{name}»" for name in fields_about(Lead, About.HOMEOWNER)})
    assert "«" not in str(lead)
    assert "«" not in repr(lead)
    as_of = datetime(2026, 6, 1, 12, tzinfo=UTC)
    listed = ListedRecord(
        lead.id, as_of, lead.id, AgeBucket.MONTH_3_TO_5, Classification.GOLD, "LA", "", "«first_name»", "«city»"
    )
    assert "«" not in repr(listed)
    assert "«" not in repr(Glimpse(None, None, "«source»"))


def test_whatever_an_export_has_of_a_homeowner_is_treated_as_text_from_outside() -> None:
    exported = {column.header: column.from_outside for column in COLUMNS}
    of_leads = fields_about(Lead, About.HOMEOWNER)
    assert of_leads <= exported.keys()
    assert [name for name in of_leads if not exported[name]] == []


@pytest.mark.parametrize("as_json", [True, False])
def test_the_log_keeps_no_field_of_a_homeowner_whoever_hands_it_in(as_json: bool) -> None:
    given = {name: f"«{name}»" for name in homeowner_fields() - {"address"}}
    record = logging.LogRecord(
        "homeshield", logging.INFO, __file__, 1, {"event": "loaded", "rows": 3, **given}, (), None
    )
    record._logger, record._name = logging.getLogger("homeshield"), "info"
    line = formatter(as_json=as_json).format(record)
    assert "loaded" in line
    assert "«" not in line

"""Every way in for a number keeps the one rule of homeshield/lib/numbers.py: forms and commands. (The API's are in
tests/api/test_numbers.py.)

The walk knows nothing of how a field is made: what turns `25` into a number must not turn `2_5` into one.
"""

import ast
import pkgutil
from argparse import Action
from collections.abc import Callable, Iterator
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.management import get_commands, load_command_class
from django.http import HttpRequest, QueryDict
from django.test import RequestFactory

from homeshield.accounts.models import User
from sales.cart.forms import QuantitiesForm

OURS = ("homeshield", "leads", "inventory", "pricing", "sales", "exports")
NO_NUMBERS = ["2_5", "1e1", "+25", "-25", "٢٥", "２５", "25 0", "2,5", "NaN", "Infinity", "0x19"]
FOLDERS = [settings.BASE_DIR / name for name in OURS]


def is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def taken(clean: Callable[[str], object]) -> list[str]:
    """Which texts that are no numbers become numbers; none where `25` does not become one either."""

    def becomes_a_number(text: str) -> bool:
        try:
            return is_number(clean(text))
        except Exception:  # whatever a field says to a text that it does not take
            return False

    numeric = any(becomes_a_number(text) for text in ("25", "1", "0.5"))
    return [text for text in NO_NUMBERS if becomes_a_number(text)] if numeric else []


# --- Forms ---


def every_form() -> Iterator[type[forms.BaseForm]]:
    for name in OURS:
        package = import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if "gunicorn_conf" not in module.name and not module.name.endswith("__main__"):
                import_module(module.name)
    waiting: list[type[forms.BaseForm]] = [forms.BaseForm]
    while waiting:
        form = waiting.pop()
        waiting.extend(form.__subclasses__())
        if form.__module__.partition(".")[0] in OURS and hasattr(form, "base_fields"):
            yield form
    yield from admin_forms()


def admin_forms() -> Iterator[type[forms.BaseForm]]:
    """Those that a superuser can send: what is to be looked at alone has none."""
    request: HttpRequest = RequestFactory().get("/admin/")
    request.user = User(is_staff=True, is_superuser=True)
    for model_admin in admin.site._registry.values():
        yield model_admin.get_form(request, change=True)
        if model_admin.has_add_permission(request):
            yield model_admin.get_form(request)
        if model_admin.list_editable:
            yield model_admin.get_changelist_form(request)
        for inline in model_admin.get_inline_instances(request):
            if inline.has_add_permission(request, None) or inline.has_change_permission(request):
                yield inline.get_formset(request).form


def every_form_field() -> Iterator[tuple[str, forms.Field]]:
    for form in every_form():
        for name, field in getattr(form, "base_fields", {}).items():
            yield f"{form.__module__}.{form.__qualname__}.{name}", field
    line = "quantity-0190d3c4-7a10-7c3e-8a55-5f1d2b3c4d5e"
    yield "the quantity of a line", QuantitiesForm(QueryDict(f"{line}=25")).fields[line]


@pytest.mark.django_db
def test_no_form_field_takes_what_is_no_number() -> None:
    fields = dict(every_form_field())
    assert {name: wrong for name, field in fields.items() if (wrong := taken(field.clean))} == {}
    numeric = sorted(name.rpartition(".")[2] for name, field in fields.items() if isinstance(field, forms.IntegerField))
    assert {"amount", "quantity", "version", "expected_total", "the quantity of a line"} <= set(numeric)


@pytest.mark.django_db
def test_no_form_asks_for_numbers_by_the_control_of_browsers() -> None:
    """Which takes 1e1, refuses commas, and sends nothing for what it could not read."""
    controls = [name for name, field in every_form_field() if isinstance(field.widget, forms.NumberInput)]
    pages = [path for path in (settings.BASE_DIR / "templates").rglob("*.html") if 'type="number"' in path.read_text()]
    assert (controls, pages) == ([], [])


# --- Commands ---


def every_argument() -> Iterator[tuple[str, Action]]:
    for name, app in get_commands().items():
        if isinstance(app, str) and app.partition(".")[0] in OURS:
            parser: Any = load_command_class(app, name).create_parser("manage.py", name)
            # Django's own --verbosity is one of four words to it.
            yield from ((f"{name} {action.dest}", action) for action in parser._actions if action.dest != "verbosity")


def test_no_argument_of_a_command_takes_what_is_no_number() -> None:
    arguments = dict(every_argument())
    assert {
        name: wrong
        for name, action in arguments.items()
        if callable(action.type) and (wrong := taken(action.type))
    } == {}  # fmt: skip
    assert {"demo rows", "demo port", "run_scheduler every"} <= arguments.keys()


# --- What makes a number of a text past forms and commands ---


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def test_no_source_reads_numbers_by_pythons_own_rule() -> None:
    """`type=int` of an argument, `env.int` of a setting, and Django's fields for numbers."""
    wrong = []
    for path in (path for folder in FOLDERS for path in folder.rglob("*.py") if "migrations" not in path.parts):
        if path.name in {"numbers.py", "number_fields.py"}:
            continue
        for call in calls(path):
            types = [ast.unparse(word.value) for word in call.keywords if word.arg == "type"]
            function = ast.unparse(call.func)
            if {"int", "float", "Decimal"} & set(types) or function.startswith(
                (
                    "env.int",
                    "env.float",
                    "forms.IntegerField",
                    "forms.DecimalField",
                    "forms.FloatField",
                    "forms.NumberInput",
                )
            ):
                wrong.append(f"{path.relative_to(settings.BASE_DIR)}:{call.lineno}: {function}")
    assert wrong == []

"""Requests that staff pages can be sent, from the registry and the URL resolver: a new page comes in by itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

from django.contrib import admin
from django.db import models, transaction
from django.http import QueryDict
from django.test import Client as Browser
from django.urls import NoReverseMatch, get_resolver, resolve, reverse

from tests.matrix.addresses import patterns

SOMEWHERE = "00000000-0000-7000-8000-000000000000"
"""An id that nothing has."""

VALUES = ("\0", "inf", "nan", "1e999", "9" * 40, "a " * 1000, "'\"\\", "१२", "9999-12-31", SOMEWHERE)
"""Of every wrong kind: unreadable, without end, too large, too long, another type's, of nothing."""

FEW = ("\0", "inf", "9" * 40)
"""Where a page does little with the value. A NUL behind the `?` of an address is refused before any page is asked."""

LIST_PARAMETERS = ("p", "o", "all", "e", "_facets", "_popup", "_to_field", "_changelist_filters", "cursor")


@dataclass(frozen=True)
class Request:
    address: str
    query: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] | None = None
    """What is posted; None where the page is merely asked for."""

    def send(self, browser: Browser) -> Any:
        """The answer; what a post has changed is undone."""
        if self.data is None:
            return browser.get(self.address, self.query)
        before = transaction.savepoint_create()
        try:
            return browser.post(self.address, self.data, query_params=self.query)
        finally:
            transaction.savepoint_rollback(before)

    def __str__(self) -> str:
        query = QueryDict(mutable=True)
        query.update(self.query)
        told = f"{self.address}?{query.urlencode()}"
        return f"GET {told}"[:200] if self.data is None else f"POST {told} {dict(self.data)}"[:300]


def everything(browser: Browser) -> list[Request]:
    """`browser` is a superuser's: the forms and filters are those that it is shown."""
    return [*lists(browser), *objects(), *forms(browser), *actions(), *choices()]


def one_for_each_page(requests: Iterable[Request], number: int) -> list[Request]:
    """Of the requests for each page, and of those that post to it, the one of this number, counted round and round.
    A page is one whatever its address names."""
    pages: dict[tuple[str, bool], list[Request]] = {}
    for request in requests:
        pages.setdefault((resolve(request.address).view_name, request.data is None), []).append(request)
    return [sent[number % len(sent)] for sent in pages.values()]


def site_models() -> list[type[models.Model]]:
    assert get_resolver().url_patterns  # homeshield/urls.py has its say about the registry
    return list(admin.site._registry)


def page(model: type[models.Model], action: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}", args=args)


def a_row(model: type[models.Model]) -> models.Model:
    row = model._default_manager.first()
    assert row is not None, f"The crawl needs a row of {model._meta.label}: make one in tests/matrix/people.py."
    return row


def dealt[Value](values: Iterable[Value]) -> Callable[[int], list[Value]]:
    """Hands out so many of the values at a time, round and round. What one page does with each of them is the work of
    a base that all pages stand on, so all get their turn, and no page gets all."""
    endless = cycle(values)
    return lambda many: list(islice(endless, many))


def lists(browser: Browser) -> Iterator[Request]:
    """Every list with every filter that it knows, and some of all else that it may be sent."""
    parameters, terms, values = dealt(LIST_PARAMETERS), dealt(VALUES), dealt(FEW[1:])
    for model in site_models():
        address = page(model, "changelist")
        context = browser.get(address).context
        known = {name for spec in _specs(context) for name in spec.expected_parameters()}
        known |= set(context["form"].fields) if "form" in context else set()
        yield from (Request(address, {name: value}) for name in sorted(known) for value in values(1))
        yield from (Request(address, {name: FEW[2]}) for name in parameters(2))
        yield from (Request(address, {"q": value}) for value in terms(2))
        yield from (Request(address, {name: "1"}) for name in dealt(unknown_filters(model))(2))


def _specs(context: Any) -> list[Any]:
    return list(context["cl"].filter_specs) if "cl" in context else []


def unknown_filters(model: type[models.Model]) -> Iterator[str]:
    """Fields of the model, and the key and the texts of what it refers to: Django would filter by many of them."""
    for one in model._meta.get_fields():
        yield one.name
        if one.concrete and isinstance(one.related_model, type):
            yield from (f"{one.name}__{other.name}__startswith" for other in one.related_model._meta.fields[:2])
        elif one.concrete:
            yield f"{one.name}__startswith"


def objects() -> Iterator[Request]:
    """Every address that names something, with names of the wrong kind; and every object page with its parameters."""
    ids, texts = dealt(FEW), dealt(FEW[1:])
    for pattern in patterns("admin"):
        names = list(pattern.pattern.converters)
        for name in names if pattern.name else ():
            for value in ids(2):
                try:
                    address = reverse(f"admin:{pattern.name}", kwargs=dict.fromkeys(names, SOMEWHERE) | {name: value})
                except NoReverseMatch:
                    continue  # the resolver refuses it
                yield Request(address)
    for model in site_models():
        for action in ("change", "history", "delete"):
            address = page(model, action, a_row(model).pk)
            yield from (Request(address, dict.fromkeys(LIST_PARAMETERS, value)) for value in texts(1))


def forms(browser: Browser) -> Iterator[Request]:
    """Every form: prefilled by its address, sent with all fields wrong, and with one."""
    values = dealt((*FEW, "a " * 1000, "2026-12-01"))
    for address in dict.fromkeys(_form_pages()):
        answer = browser.get(address)
        if answer.status_code != 200 or answer.context is None or not (filled := _filled(answer.context)):
            continue
        for value in values(2):
            yield Request(address, {name.removesuffix("_0").removesuffix("_1"): value for name in filled})
            yield Request(address, data=dict.fromkeys(filled, value))
        yield from (Request(address, data={**filled, name: value}) for name in filled for value in FEW[2:])
        yield Request(address, data={})


def _form_pages() -> Iterator[str]:
    """Of adding, changing and deleting, and the pages of our own beside them."""
    for model in site_models():
        row = a_row(model)
        yield page(model, "add")
        yield page(model, "change", row.pk)
        yield page(model, "delete", row.pk)
        for pattern in patterns("admin"):
            if pattern.name and pattern.pattern.converters and str(model._meta.model_name) in pattern.name:
                try:
                    yield reverse(f"admin:{pattern.name}", kwargs=dict.fromkeys(pattern.pattern.converters, row.pk))
                except NoReverseMatch:
                    continue


def _filled(context: Any) -> dict[str, Any]:
    """The page's form as a browser would send it."""
    found = [context["adminform"].form] if "adminform" in context else [context["form"]] if "form" in context else []
    for inline in context.get("inline_admin_formsets") or ():
        found += [inline.formset.management_form, *inline.formset.forms]
    filled: dict[str, Any] = {}
    for bound in (bound for form in found for bound in form):
        value = bound.value() if isinstance(bound.value(), (str, list)) else ""
        parts = [bound.html_name + suffix for suffix in getattr(bound.field.widget, "widgets_names", [""])]
        filled |= {part: value if part == bound.html_name else "" for part in parts}
    return filled


def actions() -> Iterator[Request]:
    """Every action of every list, upon what is not there or no id at all, and by a form that is not ours."""
    wrong = dealt(
        [{"index": "0", "_selected_action": value} for value in FEW]
        + [{"index": value, "_selected_action": SOMEWHERE} for value in ("\0", "inf", "-1", "9" * 40)]
    )
    for model in site_models():
        for name in [*(admin.site._registry[model].actions or ()), "delete_selected", "\0"]:
            asked = {"action": name, "select_across": "0"}
            yield from (Request(page(model, "changelist"), data=asked | chosen) for chosen in wrong(1))


def choices() -> Iterator[Request]:
    """What a form may ask for while somebody types: by any reference of any model."""
    address = reverse("admin:autocomplete")
    for model in site_models():
        for one in model._meta.get_fields():
            if one.is_relation and one.concrete:
                source = {"app_label": model._meta.app_label, "model_name": str(model._meta.model_name)}
                source["field_name"] = one.name
                yield from (Request(address, source | {"term": value}) for value in FEW[:2])
                yield from (Request(address, source | {"page": value}) for value in FEW[1:])
    for name in ("app_label", "model_name", "field_name"):
        source = {"app_label": "accounts", "model_name": "user", "field_name": "client"}
        yield from (Request(address, source | {name: value}) for value in FEW)

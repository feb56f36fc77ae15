from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django import forms
from django.contrib.admin import ListFilter
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.http import HttpRequest

SEARCH_LENGTH = 200
"""Each further word would add a condition to the query."""

ENDINGS = ("", "__exact", "__isnull", "__in", "__id__exact")
"""What Django's filters append to a field's name in the URL."""


class SearchForm(ChangeListSearchForm):
    """Shows the unfiltered list if the term is too long."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {
            SEARCH_VAR: forms.CharField(
                required=False,
                strip=False,
                max_length=SEARCH_LENGTH,
                error_messages={"max_length": f"Search for {SEARCH_LENGTH} characters at most."},
            )
        }


class StaffChangeList(ChangeList):
    search_form_class = SearchForm


def _without_none(column: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(column)
    def shown(*arguments: Any, **options: Any) -> Any:
        value = column(*arguments, **options)
        return getattr(column, "empty_value_display", "-") if value is None else value

    return shown


class StaffPages:
    """A mixin before Django's ModelAdmin in every admin of ours; a test checks it.

    Lists accept only the filters they show. Django accepts any field in the URL: `?last_name__startswith=A` would
    search people by name, `?digest=1` a secret.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        """Django writes `None` for a missing value on an object's page."""
        super().__init_subclass__(**options)
        for name, column in list(vars(cls).items()):
            if callable(column) and hasattr(column, "short_description"):
                setattr(cls, name, _without_none(column))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        return StaffChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:  # noqa: ARG002
        """Django answers 400 if not."""
        return any(lookup in names for names in self._filters(request))

    def _filters(self, request: HttpRequest) -> Iterator[tuple[str, ...]]:
        for one in self.get_list_filter(request):  # type: ignore[attr-defined]
            match one:
                case type() if issubclass(one, ListFilter) and hasattr(one, "parameter_name"):
                    yield (one.parameter_name,)
                case (str() as name, _) | (str() as name):
                    yield tuple(name + ending for ending in ENDINGS)

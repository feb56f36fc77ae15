"""What every page of the administration has in common: StaffPages, a mixin for all ModelAdmins of ours.

A list is filtered by what it offers and by nothing else. Django takes any field of the model from the address, so that
`?last_name__startswith=A` would ask for people by name, and `?digest=1` for a secret.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django import forms
from django.contrib.admin import ListFilter
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.http import HttpRequest

SEARCH_LENGTH = 200
"""Characters of a search term: longer than what people look for, and each further word would cost a condition more."""

ENDINGS = ("", "__exact", "__isnull", "__in", "__id__exact")
"""What Django's own filters put behind a field's name in the address."""


class SearchForm(ChangeListSearchForm):
    """Says that a term is too long, and shows the list as if nothing was asked for."""

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
    """A column of `admin.display` with its `empty_value` in the place of None."""

    @wraps(column)
    def shown(*arguments: Any, **options: Any) -> Any:
        value = column(*arguments, **options)
        return getattr(column, "empty_value_display", "-") if value is None else value

    return shown


class StaffPages:
    """A base of every ModelAdmin of ours, before Django's; a test fails where it is missing."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Lets what is missing look on an object's page as in a list, where Django writes `None` on the former."""
        super().__init_subclass__(**options)
        for name, column in list(vars(cls).items()):
            if callable(column) and hasattr(column, "short_description"):
                setattr(cls, name, _without_none(column))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        return StaffChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:  # noqa: ARG002
        """Whether a list may be filtered so: Django answers 400 otherwise."""
        return any(lookup in names for names in self._filters(request))

    def _filters(self, request: HttpRequest) -> Iterator[tuple[str, ...]]:
        """For each filter of the list the parameters that it reads."""
        for one in self.get_list_filter(request):  # type: ignore[attr-defined]
            match one:
                case type() if issubclass(one, ListFilter) and hasattr(one, "parameter_name"):
                    yield (one.parameter_name,)
                case (str() as name, _) | (str() as name):
                    yield tuple(name + ending for ending in ENDINGS)

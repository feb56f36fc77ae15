"""View-only admin pages that stay fast on tables of ten million rows.

They never count a whole table, sort by anything but a key, or search without an index. Lists reach only the newest
rows.
"""

from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection, models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

from homeshield.lib.staff_pages import StaffPages

REACH = 2_000
"""Rows. Lists use OFFSET, whose cost grows with depth."""

NOTHING = Q(pk__in=[])


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts to REACH at most."""

    @cached_property
    def count(self) -> int:
        return min(self._found, REACH)

    @property
    def is_capped(self) -> bool:
        return self._found > REACH

    @cached_property
    def _found(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[: REACH + 1].count()


class ViewOnly:
    """A mixin for admin pages and inlines."""

    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False


class ViewOnlyAdmin(ViewOnly, StaffPages, admin.ModelAdmin):  # type: ignore[type-arg]
    """`exact_search_fields` are UUID columns; each must come first in an index."""

    change_list_template = "admin/view_only_change_list.html"
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    ordering = ("-id",)  # newest first: keys are version 7
    sortable_by = ()
    exact_search_fields: tuple[str, ...] = ("id",)
    search_fields = ("id",)  # only to show the box; `search` decides

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": capfirst(self.opts.verbose_name_plural),
            "reach": REACH,
            "estimate": estimated_rows(self.model),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002
        queryset: QuerySet[Any],
        search_term: str,
    ) -> tuple[QuerySet[Any], bool]:
        if not (term := search_term.strip()):
            return queryset, False
        return queryset.filter(self.search(term)), False

    def search(self, term: str) -> Q:
        """The term is never blank."""
        key = as_uuid(term)
        return Q(*((field, key) for field in self.exact_search_fields), _connector=Q.OR) if key else NOTHING


def as_uuid(term: str) -> UUID | None:
    try:
        return UUID(term)
    except ValueError:
        return None


def estimated_rows(model: type[models.Model]) -> int | None:
    """PostgreSQL's own estimate; None if it has none yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        rows: int = cursor.fetchone()[0]
    return rows if rows >= 0 else None

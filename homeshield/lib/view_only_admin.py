"""Admin pages to look at and to search, never to edit, that stay quick on tables of ten million rows.

Nothing here counts a whole table, sorts by anything but a key, or searches what has no index. A list reaches the
newest rows alone, and a search by exact key finds the others.
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
"""How many rows a list pages through at most. Paging is by OFFSET here, whose cost grows with the depth."""

NOTHING = Q(pk__in=[])


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator that counts to REACH and not further: any count costs little more than REACH rows."""

    @cached_property
    def count(self) -> int:
        return min(self._found, REACH)

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than it counts."""
        return self._found > REACH

    @cached_property
    def _found(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[: REACH + 1].count()


class ViewOnly:
    """A mixin for admin pages and inlines: no adding, changing or deleting, by whatever request."""

    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False


class ViewOnlyAdmin(ViewOnly, StaffPages, admin.ModelAdmin):  # type: ignore[type-arg]
    """A view-only list and page of one table.

    `exact_search_fields` name UUID columns, each with an index that begins with it: a term that is a UUID finds the
    rows that carry it in one of them (a bitmap of those indexes, whatever the size of the table).
    """

    change_list_template = "admin/view_only_change_list.html"
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    ordering = ("-id",)  # keys are time-ordered (version 7): newest first, off the primary key
    sortable_by = ()
    exact_search_fields: tuple[str, ...] = ("id",)
    search_fields = ("id",)  # that the box is shown at all; `search` decides what it finds

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
        """What a search term that is not blank finds."""
        key = as_uuid(term)
        return Q(*((field, key) for field in self.exact_search_fields), _connector=Q.OR) if key else NOTHING


def as_uuid(term: str) -> UUID | None:
    try:
        return UUID(term)
    except ValueError:
        return None


def estimated_rows(model: type[models.Model]) -> int | None:
    """About how many rows the table has, as PostgreSQL keeps it for its planner; None where it does not know yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        rows: int = cursor.fetchone()[0]
    return rows if rows >= 0 else None

"""View-only. Keyset pages without a count, so the last page costs what the first does."""

import json
from functools import partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from homeshield.audit.forms import EventFilterForm
from homeshield.audit.models import AuditEvent, AuditSeal
from homeshield.lib.keyset import BadCursor, Page, keyset_page
from homeshield.lib.staff_pages import StaffPages
from homeshield.lib.view_only_admin import ViewOnly, estimated_rows

ROWS = 50


@admin.register(AuditEvent)
class AuditEventAdmin(ViewOnly, StaffPages, admin.ModelAdmin):  # type: ignore[type-arg]
    fieldsets = (
        ("What", {"fields": ("action", "outcome", "occurred_at_utc", "object_type", "object_id", "facts")}),
        ("Who and from where", {"fields": ("actor", "actor_id", "client_id", "channel", "source", "address")}),
        ("Proof", {"fields": ("request_id", "id", "sequence", "sealed_at_utc", "hash", "previous_hash")}),
    )
    readonly_fields = ("facts", "sequence", "sealed_at_utc", "hash", "previous_hash")
    actions = None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lists the newest matching events."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = EventFilterForm(request.GET)
        page, lost = _page(form, request.GET.get("cursor"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Audit events",
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "page": page,
            "rows": [(event, _seal_of(event)) for event in page.rows],
            "clients": _names_of_clients(page),
            "is_filtered": form.is_valid() and any(form.cleaned_data.values()),
            "lost": lost,
            "estimate": estimated_rows(AuditEvent),
            **(extra_context or {}),
        }
        status = 200 if form.is_valid() else 422
        return TemplateResponse(request, "admin/audit/auditevent/change_list.html", context, status=status)

    @admin.display(description="details")
    def facts(self, event: AuditEvent) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(event.details, indent=2, sort_keys=True, ensure_ascii=False))

    @admin.display(description="place in the chain")
    def sequence(self, event: AuditEvent) -> str:
        return f"{seal.sequence:,}" if (seal := _seal_of(event)) else "not sealed yet"

    @admin.display(description="sealed (UTC)")
    def sealed_at_utc(self, event: AuditEvent) -> str:
        return f"{seal.sealed_at_utc:%Y-%m-%d %H:%M:%S}" if (seal := _seal_of(event)) else "-"

    @admin.display(description="hash")
    def hash(self, event: AuditEvent) -> str:
        return bytes(seal.hash).hex() if (seal := _seal_of(event)) else "-"

    @admin.display(description="hash before")
    def previous_hash(self, event: AuditEvent) -> str:
        return bytes(seal.previous_hash).hex() if (seal := _seal_of(event)) else "-"


def _page(form: EventFilterForm, cursor: str | None) -> tuple[Page[AuditEvent], bool]:
    """Returns the page, and whether the cursor was invalid (then the first page)."""
    page = partial(
        keyset_page, form.events().select_related("seal"), by="occurred_at_utc", of="audit events", limit=ROWS,
        descending=True,
    )  # fmt: skip
    try:
        return page(cursor=cursor), False
    except BadCursor:
        return page(cursor=None), True


def _seal_of(event: AuditEvent) -> AuditSeal | None:
    return getattr(event, "seal", None)


def _names_of_clients(page: Page[AuditEvent]) -> dict[Any, str]:
    """Plain SQL, because clients belong to a higher layer."""
    ids = list({event.client_id for event in page.rows if event.client_id})
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM clients WHERE id = ANY(%s::uuid[])", [ids])
        return dict(cursor.fetchall())

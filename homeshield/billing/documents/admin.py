"""Documents for staff: to look at and to find. They are final."""

from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from homeshield.audit.recorded_views import RecordedViews
from homeshield.audit.services import audit_seen
from homeshield.billing.documents.facts import DocumentKind
from homeshield.billing.documents.models import Document
from homeshield.billing.documents.sheet import NUMBER_FORMS
from homeshield.billing.documents.views import pdf_answer
from homeshield.lib.view_only_admin import ViewOnlyAdmin

MOST_DIGITS = 18
"""Of a number: more do not fit the database's type."""


@admin.register(Document)
class DocumentAdmin(RecordedViews, ViewOnlyAdmin):
    list_display = ("title", "issued_at_utc", "client", "month", "total")
    list_filter = ("kind",)
    list_select_related = ("client",)
    exact_search_fields = ("id", "client_id", "source_id")
    search_help_text = "Search by number (#10432, #C10001, #S10001), or by the exact id of the client, order or return."
    fields = ("title", "client", "issued_at_utc", "source_id", "mailed", "pdf", "page")
    readonly_fields = fields

    def search(self, term: str) -> Q:
        """A number alone is that of an invoice or of any other kind."""
        letters = {form.format("")[1:]: kind for kind, form in NUMBER_FORMS.items()}
        number = term.removeprefix("#").upper()
        letter = number[:1] if number[:1].isalpha() else ""
        digits = number.removeprefix(letter)
        if letter in letters and digits.isascii() and digits.isdecimal() and len(digits) <= MOST_DIGITS:
            of_kind = Q(kind=letters[letter]) if letter or term.startswith("#") else Q(kind__in=DocumentKind.values)
            return of_kind & Q(number=int(digits))
        return super().search(term)

    def get_urls(self) -> list[URLPattern]:
        pdf = self.admin_site.admin_view(self.pdf_view)
        return [path("<uuid:document_id>/pdf/", pdf, name="billing_document_pdf"), *super().get_urls()]

    def pdf_view(self, request: HttpRequest, document_id: UUID) -> HttpResponse:
        """The document as the client has it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        document = get_object_or_404(Document, id=document_id)
        audit_seen(obj=document, client_id=document.client_id, as_of=request.as_of)  # type: ignore[attr-defined]
        return pdf_answer(document)

    @admin.display(description="PDF")
    def pdf(self, document: Document) -> SafeString:
        return format_html('<a href="{}">Download</a>', reverse("admin:billing_document_pdf", args=[document.id]))

    @admin.display(description="sent by email")
    def mailed(self, document: Document) -> str:
        """How many, since the addresses are the client's own."""
        sent = document.mails.exclude(sent_at_utc=None).count()
        return f"to {sent} of {document.mails.count()} addresses"

    @admin.display(description="what it says")
    def page(self, document: Document) -> SafeString:
        return render_to_string("admin/billing/document_sheet.html", {"sheet": document.sheet})

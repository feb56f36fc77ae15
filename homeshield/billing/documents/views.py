"""The pages of a company's documents and billing details, for its owners."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from homeshield.accounts.access import requires
from homeshield.accounts.limits import limited
from homeshield.accounts.permissions import Act
from homeshield.billing.documents.details import details_change, details_of
from homeshield.billing.documents.facts import DocumentKind
from homeshield.billing.documents.forms import DetailsForm
from homeshield.billing.documents.mail import MOST_ATTEMPTS, file_name
from homeshield.billing.documents.models import Document
from homeshield.billing.documents.render import document_pdf
from homeshield.billing.documents.selectors import document_get, documents_page
from homeshield.lib.http import Request


@requires(Act.DOCUMENTS)
@require_safe
def document_list(request: Request) -> HttpResponse:
    """The company's invoices, credit notes and statements, newest first."""
    assert request.user.client_id is not None
    asked = request.GET.get("kind", "")
    kind = DocumentKind(asked) if asked in DocumentKind.values else None
    page = documents_page(client_id=request.user.client_id, kind=kind, cursor=request.GET.get("cursor"))
    context = {"page": page, "kind": kind, "kinds": DocumentKind, "details": details_of(request.user.client_id)}
    return render(request, "billing/document_list.html", context)


@requires(Act.DOCUMENTS)
@require_safe
def document_show(request: Request, document_id: UUID) -> HttpResponse:
    """One document as a page."""
    assert request.user.client_id is not None
    document = document_get(client_id=request.user.client_id, document_id=document_id)
    context = {
        "document": document,
        "sheet": document.sheet,
        "mails": document.mails.all(),
        "most_attempts": MOST_ATTEMPTS,
    }
    return render(request, "billing/document_show.html", context)


@requires(Act.DOCUMENTS)
@limited("download", method="GET")
@require_safe
def document_download(request: Request, document_id: UUID) -> HttpResponse:
    """One document as PDF."""
    assert request.user.client_id is not None
    return pdf_answer(document_get(client_id=request.user.client_id, document_id=document_id))


def pdf_answer(document: Document) -> HttpResponse:
    """The document as a file."""
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name(document)}"',
        "Cache-Control": "no-store",
    }
    pdf = document_pdf(document.sheet, issued_at=document.issued_at_utc, layout=document.layout)
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)


@requires(Act.DOCUMENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def details_edit(request: Request) -> HttpResponse:
    """The company's billing details, for documents from now on."""
    client_id = request.user.client_id
    assert client_id is not None
    form = DetailsForm(request.POST) if request.method == "POST" else DetailsForm.showing(details_of(client_id))
    if form.is_valid():
        details_change(client_id=client_id, details=form.details, by=request.user, as_of=request.as_of)
        messages.success(request, "Billing details saved. Documents from now on show them.")
        return redirect("billing:details-edit")
    return render(request, "billing/details.html", {"form": form}, status=422 if form.errors else 200)

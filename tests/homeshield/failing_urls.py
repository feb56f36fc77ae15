"""The shop's addresses, and two pages that fail with personal data at hand."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from homeshield.accounts.models import User
from homeshield.urls import urlpatterns as of_the_shop
from leads.models import Lead


def stumble(request: HttpRequest) -> HttpResponse:
    lead = Lead.objects.latest("id")
    raise ValueError(f"nothing to be done for {lead.full_name}, {lead.borrower_phone}")


def collide(request: HttpRequest) -> HttpResponse:
    """PostgreSQL repeats the address that is there already."""
    with transaction.atomic():
        User.objects.create(email=User.objects.latest("id").email)
    return HttpResponse()


urlpatterns = [path("stumble/", stumble), path("collide/", collide), *of_the_shop]

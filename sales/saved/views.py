from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from homeshield.accounts.access import requires
from homeshield.accounts.permissions import Act
from homeshield.lib.http import Request
from inventory.buyer import buyer_of
from sales.saved.errors import NameTaken, TooManySearches
from sales.saved.forms import SaveSearchForm, SearchMailForm
from sales.saved.selectors import searches_found, searches_of
from sales.saved.services import mails_stop, search_mails, search_opened, search_remove, search_save, stop_user


@requires(Act.BROWSE)
@vary_on_headers("HX-Request")
@require_http_methods(["GET", "HEAD", "POST"])
def search_list(request: Request) -> HttpResponse:
    """The user's saved searches with their counts; saves one. Browse stays where it is: HTMX gets the form anew."""
    if request.method != "POST":
        return _page(request)
    form = SaveSearchForm(request.POST)
    if form.is_valid():
        name = form.cleaned_data["name"]
        try:
            search_save(user=request.user, name=name, wanted=form.wanted, as_of=request.as_of)
        except (NameTaken, TooManySearches) as error:
            form.add_error("name", error.message)
        else:
            if request.htmx:
                return _beside_browse(request, form, {"saved_as": name})
            messages.success(request, f"Search “{name}” saved.")
            return redirect("sales:search-list")
    if request.htmx:
        return _beside_browse(request, form, {"name": form["name"].value(), "errors": form.errors}, status=422)
    return _page(request, form=form)


@requires(Act.BROWSE)
@require_safe
def search_open(request: Request, search_id: UUID) -> HttpResponse:
    """Goes to the browse page with the search's filter."""
    search = search_opened(user=request.user, search_id=search_id, as_of=request.as_of)
    query = urlencode(search.as_filter())
    return redirect(reverse("inventory:record-list") + (f"?{query}" if query else ""))


@requires(Act.BROWSE)
@require_POST
def search_mail(request: Request, search_id: UUID) -> HttpResponse:
    """Says when the user gets a mail about a search."""
    form = SearchMailForm(request.POST)
    if not form.is_valid():
        return _page(request, wrong=(search_id, form))
    asked = form.cleaned_data
    search_mails(
        user=request.user, search_id=search_id, mail_from=asked["mail_from"], on_price=asked["on_price"],
        site=request.build_absolute_uri("/"), as_of=request.as_of,
    )  # fmt: skip
    some = asked["mail_from"] is not None or asked["on_price"]
    messages.success(request, "You’ll get an email, at most once a day." if some else "No emails about this search.")
    return redirect(f"{reverse('sales:search-list')}#search-{search_id}")


@requires(Act.BROWSE)
@require_POST
def search_delete(request: Request, search_id: UUID) -> HttpResponse:
    search_remove(user=request.user, search_id=search_id)
    messages.success(request, "Search removed.")
    return redirect("sales:search-list")


@csrf_exempt  # the token says whose mails end, and mail programs send no cookie
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def search_stop(request: Request, token: str) -> HttpResponse:
    """Ends the mails of whoever got the link, by POST: of a mail program (RFC 8058), or of the button that a GET shows.

    A GET ends nothing: scanners of mails follow every link. Nobody signs in for it.
    """
    if request.method == "POST":
        mails_stop(token)
    else:
        stop_user(token)
    return render(request, "saved/stop.html", {"stopped": request.method == "POST"})


def _beside_browse(
    request: Request, form: SaveSearchForm, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    context["filter"] = form["filter"].value()
    return render(request, "sales/_save_search.html#fields", context, status=status)


def _page(
    request: Request, *, form: SaveSearchForm | None = None, wrong: tuple[UUID, SearchMailForm] | None = None
) -> HttpResponse:
    searches = searches_of(request.user)
    found = searches_found(searches=searches, buyer=buyer_of(request.user), as_of=request.as_of)

    def mails(search_id: UUID, initial: dict[str, Any]) -> SearchMailForm:
        if wrong and wrong[0] == search_id:
            return wrong[1]
        return SearchMailForm(initial=initial, auto_id=f"id_%s_{search_id}")

    rows = [
        (each, mails(each.search.id, {"mail_from": each.search.mail_from, "on_price": each.search.mail_on_price}))
        for each in found
    ]
    context = {"rows": rows, "form": form, "as_of": request.as_of}
    return render(request, "saved/search_list.html", context, status=422 if form or wrong else 200)

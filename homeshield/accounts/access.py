"""Who may see the buyers' pages: users who are signed in and buy for a client."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect

from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request


class NotABuyer(DomainError):
    """A user without a client: a member of staff, or somebody whose company is not set yet."""

    code = "not_a_buyer"
    status = 403

    def __init__(self) -> None:
        super().__init__("This page is for buyers, and your account is not connected with a buying company.")


def buyer_required[**P](
    view: Callable[Concatenate[Request, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A view for buyers alone: others sign in first, or meet NotABuyer.

    The browser keeps no copy: counts are exact when shown, and purchased leads are personal data.
    """

    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _sign_in_first(cast(Request, request))
        if request.user.client_id is None:
            raise NotABuyer
        return view(cast(Request, request), *args, **kwargs)

    return wrapped


def _sign_in_first(request: Request) -> HttpResponse:
    """To the sign-in page and back; from within a page, by leaving that page and not by a form in its middle."""
    if not request.htmx:
        return redirect_to_login(request.get_full_path())
    here = request.htmx.current_url_abs_path or resolve_url("home")
    return HttpResponseClientRedirect(redirect_to_login(here).url)

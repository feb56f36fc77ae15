from collections.abc import Callable
from functools import wraps
from typing import Concatenate, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect

from homeshield.accounts.errors import NotABuyer
from homeshield.accounts.permissions import Act, require
from homeshield.accounts.second_factor import second_factor_step
from homeshield.lib.http import Request

REQUIRED = "Your company requires two-step verification. Set it up to go on."

type View[**P] = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
type ClientView[**P] = Callable[Concatenate[Request, P], HttpResponseBase]


def requires[**P](act: Act) -> Callable[[ClientView[P]], View[P]]:
    """Lets in users who may do `act` for their client.

    Raises NotABuyer, RoleMayNot or StatusForbids. A required second factor comes first. The browser must not cache:
    counts are exact when shown and leads are personal data.
    """

    def decorate(view: ClientView[P]) -> View[P]:
        @never_cache
        @wraps(view)
        def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            user = request.user
            if not user.is_authenticated:
                return _sign_in_first(cast(Request, request))
            if user.client is None:
                raise NotABuyer
            if user.client.requires_second_factor and (step := second_factor_step(request, user, why=REQUIRED)):
                return HttpResponseClientRedirect(step.url) if cast(Request, request).htmx else step
            require(act, granted=user.granted, status=user.client.status)
            return view(cast(Request, request), *args, **kwargs)

        return wrapped

    return decorate


def _sign_in_first(request: Request) -> HttpResponse:
    """Leaves the page under HTMX too, so no sign-in form lands inside it."""
    if not request.htmx:
        return redirect_to_login(request.get_full_path())
    here = request.htmx.current_url_abs_path or resolve_url("home")
    return HttpResponseClientRedirect(redirect_to_login(here).url)

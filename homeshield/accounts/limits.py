from functools import wraps

from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpResponseBase

from homeshield.accounts.access import ClientView
from homeshield.accounts.errors import TooOften
from homeshield.lib.http import Request


class limited:  # noqa: N801 - a decorator
    """Limits a view per user to `settings.USER_RATE_LIMITS[what]`, such as "60/m/user".

    Only requests with `method` count. Raises TooOften.
    """

    def __init__(self, what: str, *, method: str = "POST") -> None:
        self.what, self.method = what, method

    def __call__[**P](self, view: ClientView[P]) -> ClientView[P]:
        @wraps(view)
        def wrapped(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method == self.method and not self._consume(request):
                raise TooOften
            return view(request, *args, **kwargs)

        return wrapped

    def _consume(self, request: Request) -> bool:
        rates, user = settings.USER_RATE_LIMITS, request.user
        usage = ratelimit.consume(request, app="homeshield", action=self.what, config=rates, user=user, limit_get=True)
        return usage is not None

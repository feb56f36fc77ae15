from datetime import datetime
from typing import override
from uuid import UUID

from django.http import HttpRequest
from ninja.security import HttpBearer

from homeshield.accounts.allowances import Allowance, attempt_spend
from homeshield.accounts.errors import ForAnotherClient, NotAuthenticated, RateLimited, TooManyAttempts
from homeshield.accounts.keys import key_find, key_use
from homeshield.accounts.models import ApiKey, User
from homeshield.accounts.permissions import KEY_MAY, Act, require
from homeshield.lib.http import Request
from homeshield.lib.origin import origin
from homeshield.lib.viewer import Viewer, look_as


class ApiRequest(Request):
    auth: ApiKey


class ApiKeyAuth(HttpBearer):
    """Checks `Authorization: Bearer hs_live_...` for an operation that does `act`.

    Raises NotAuthenticated, TooManyAttempts, RateLimited, StatusForbids, ForAnotherClient.
    """

    def __init__(self, act: Act | None = None) -> None:
        super().__init__()
        self.act = act

    @override
    def __call__(self, request: HttpRequest) -> ApiKey:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return self.authenticate(request, token.strip() if scheme.lower() == self.openapi_scheme else "")

    @override
    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        as_of: datetime = request.as_of  # type: ignore[attr-defined]  # by InstantMiddleware
        key = key_find(token)
        if key is None:
            # Only after the lookup: a valid key must work even next to an attacker.
            if wait := _note(request, attempt_spend(address=origin().address, as_of=as_of)):
                raise TooManyAttempts(retry_after=wait)
            raise NotAuthenticated
        request.auth = key  # type: ignore[attr-defined]  # before any refusal, so the log names the key
        if wait := _note(request, key_use(key=key, as_of=as_of)):
            raise RateLimited(retry_after=wait)
        assert self.act is not None, f"{request.path} does not say what it is about: auth=ApiKeyAuth(Act. ...)"
        require(Act.CALL, granted=KEY_MAY, status=key.client.status)
        if _named_client(request) not in (None, key.client_id):
            raise ForAnotherClient
        require(self.act, granted=KEY_MAY, status=key.client.status)
        look_as(Viewer(key.client_id))
        return key


def _note(request: HttpRequest, allowance: Allowance) -> int:
    """Keeps the allowance for the response headers. Returns the seconds to wait."""
    request.allowance = allowance  # type: ignore[attr-defined]
    return allowance.wait


def _named_client(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("client_id", ""))
    except ValueError:
        return None  # the operation reports it


def require_own_client(request: ApiRequest, client_id: UUID) -> UUID:
    """Raises ForAnotherClient."""
    if client_id != request.auth.client_id:
        raise ForAnotherClient
    return client_id


def maker_of_key(request: ApiRequest) -> User | None:
    """Returns the key's creator, if still with the client."""
    maker = request.auth.created_by
    return maker if maker is not None and maker.client_id == request.auth.client_id else None

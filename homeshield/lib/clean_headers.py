import re
from urllib.parse import urlsplit

from django.http import HttpRequest

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_LAST_PAGE = "HTTP_HX_CURRENT_URL"


def headers_clean(request: HttpRequest) -> None:
    """Removes what no browser sends and what would raise errors deeper down.

    A control character in a header becomes a blank (RFC 9110, 5.5). A cookie with one is dropped, because octal escapes
    get past the server. So is an HX-Current-URL that does not parse.
    """
    for name, value in request.META.items():
        if isinstance(value, str) and (name.startswith("HTTP_") or name == "CONTENT_TYPE") and _CONTROL.search(value):
            request.META[name] = _CONTROL.sub(" ", value)
    for name in [name for name, value in request.COOKIES.items() if _CONTROL.search(name + value)]:
        del request.COOKIES[name]
    if page := request.META.get(_LAST_PAGE):
        try:
            urlsplit(page)
        except ValueError:
            del request.META[_LAST_PAGE]

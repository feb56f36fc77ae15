"""Headers and cookies as the code behind may rely on them: text that the database takes, and addresses that parse."""

import re
from urllib.parse import urlsplit

from django.http import HttpRequest

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_LAST_PAGE = "HTTP_HX_CURRENT_URL"


def headers_clean(request: HttpRequest) -> None:
    """Takes from a request what no browser sends and what would be an error deeper down.

    A control character in a header becomes a blank (RFC 9110, 5.5). A cookie that holds one is left out: cookies may
    write it as an octal escape, which no server looks for. So is htmx's address of the last page if it is none.
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

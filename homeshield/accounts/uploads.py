"""Forms with files whose bytes a handler of ours receives, so that none is written to a disk."""

from collections.abc import Callable
from functools import wraps

from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_protect

from homeshield.accounts.access import ClientView
from homeshield.lib.errors import DomainError
from homeshield.lib.http import Request


def takes_files[**P](
    view: ClientView[P],
    handler: Callable[[HttpRequest], FileUploadHandler],
    *,
    most: Callable[[], int],
    too_large: Callable[[int], DomainError],
) -> ClientView[P]:
    """A view whose form may have a file. Requests of more than `most` bytes raise `too_large` of that number.

    To be put next to the view, with Django's `csrf_exempt` around everything: the check of the form's token reads the
    whole request, so it comes here, once it is known who sends it and the handler is there.
    """
    protected = csrf_protect(view)

    @wraps(view)
    def wrapped(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if int(request.META.get("CONTENT_LENGTH") or 0) > most():
            raise too_large(most())
        request.upload_handlers = [handler(request)]
        answer: HttpResponseBase = protected(request, *args, **kwargs)
        return answer

    return wrapped

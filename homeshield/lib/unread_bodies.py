"""What becomes of a body that nobody has read, such as that of a request that is refused for its size."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

MOST = 1_048_576
"""Bytes that are read away: more than nginx lets through."""
PIECE = 65_536


def reading_bodies(application: WSGIApplication) -> WSGIApplication:
    """The same application, which leaves no body unread.

    Whoever answers and closes with a body unread makes the sender's write fail. nginx takes that for a shop that is
    away: it tells the visitor 502 and does not look at the answer. Needs a server whose input ends with the body, as
    gunicorn's does.
    """

    def answering(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = application(environ, start_response)
        left = MOST
        while left > 0 and (piece := environ["wsgi.input"].read(min(left, PIECE))):
            left -= len(piece)
        return answer

    return answering

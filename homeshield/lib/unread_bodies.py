from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

MOST = 268_435_456
"""Bytes: more than nginx lets through."""
PIECE = 65_536


def reading_bodies(application: WSGIApplication) -> WSGIApplication:
    """Drains request bodies that the application leaves unread.

    Closing with an unread body breaks the sender's write; nginx then answers 502 and ignores our answer. The server's
    input must end with the body, as gunicorn's does.
    """

    def answering(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = application(environ, start_response)
        left = MOST
        while left > 0 and (piece := environ["wsgi.input"].read(min(left, PIECE))):
            left -= len(piece)
        return answer

    return answering

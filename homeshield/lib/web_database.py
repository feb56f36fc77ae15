"""The web process's own way to the database: as a role that may do no more than pages need."""

from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper


def connect_as_web() -> None:
    """From here on this process, all its threads, connects as the settings' WEB_DATABASE says; where they have none,
    as before. Called by what serves pages, before the first of them."""
    if settings.WEB_DATABASE is None:
        return
    default = connections["default"]
    assert isinstance(default, DatabaseWrapper)
    default.close()
    default.close_pool()  # of the owner's connections, which all threads share
    default.settings_dict.update(settings.WEB_DATABASE)  # the one that the other threads' connections are made of

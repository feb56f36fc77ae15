from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper


def connect_as_web() -> None:
    """Switches all threads of this process to WEB_DATABASE, if set. Call it before the first page."""
    if settings.WEB_DATABASE is None:
        return
    default = connections["default"]
    assert isinstance(default, DatabaseWrapper)
    default.close()
    default.close_pool()  # shared by all threads
    default.settings_dict.update(settings.WEB_DATABASE)  # other threads connect by it

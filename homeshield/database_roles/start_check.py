"""Before a page is served: the web's login is let in, and may do what pages need."""

import warnings

import psycopg
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.backends.postgresql.base import DatabaseWrapper

from homeshield.database_roles.provisioning import RoleRefused, TableWithoutRule, role_lacks
from homeshield.lib.server_ping import why_turned_away
from homeshield.lib.web_database import connect_as_web

_MENDING = "Run manage.py provision_roles as the owner of the tables (docs/security.md), and start again."


def web_role_check() -> None:
    """Raises RuntimeError where WEB_DATABASE_URL names a login that the server does not let in, that may do less than
    pages need, or that is not one for a web process. Without the variable there is nothing to ask, and a server that
    does not answer is no reason yet.

    Afterwards this process connects as the web's role, and no connection is open: a server may be forked from it.
    """
    if settings.WEB_DATABASE is None:
        return
    connect_as_web()
    web = connections["default"]
    assert isinstance(web, DatabaseWrapper)
    role: str = settings.WEB_DATABASE["USER"]
    try:
        if not _let_in(web, role):
            return
        with warnings.catch_warnings(
            action="ignore", category=RuntimeWarning
        ):  # Django's, of apps that are not loaded:
            lacking = role_lacks(role=role)  # they must not be, or workers would not see new code after a reload
    except (RoleRefused, TableWithoutRule) as refusal:
        raise RuntimeError(refusal.message) from None
    except DatabaseError:
        return  # it went away meanwhile
    finally:
        web.close()
        web.close_pool()
    if lacking:
        named = ", ".join(lacking[:5]) + (f" and {len(lacking) - 5} more" if len(lacking) > 5 else "")
        raise RuntimeError(f"{role}, of WEB_DATABASE_URL, may not do what pages need with {named}. {_MENDING}")


def _let_in(web: DatabaseWrapper, role: str) -> bool:
    """Whether it is; no, where nobody answers. By a connection of its own: a pool would try for ten seconds, and not
    tell why."""
    parameters = {"connect_timeout": 5} | web.get_connection_params()
    try:
        psycopg.connect(**parameters).close()
    except psycopg.OperationalError as error:
        if (reason := why_turned_away(error, parameters)) is None:
            return False
        raise RuntimeError(
            f"The database does not let {role} in, whom WEB_DATABASE_URL names. {reason} {_MENDING}"
        ) from None
    return True

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import django
import psycopg
from django.conf import settings
from django.db import DatabaseError, connections
from django.db.backends.postgresql.base import DatabaseWrapper

from homeshield.database_roles.provisioning import RoleRefused, TableWithoutRule, role_lacks
from homeshield.lib.server_ping import why_turned_away
from homeshield.lib.web_database import connect_as_web

_MENDING = "Run manage.py provision_roles as the owner of the tables (docs/security.md), and start again."


def web_role_check() -> None:
    """Raises RuntimeError if the server refuses WEB_DATABASE_URL's login, or its role is unfit or lacks privileges,
    or if CONTACT_KEY is not the one that made the keys in the database.

    A server that does not answer is no error yet. Afterwards this process connects as the web's role, with no
    connection open, so that it can fork.
    """
    if settings.WEB_DATABASE is None:
        return
    connect_as_web()
    web = connections["default"]
    assert isinstance(web, DatabaseWrapper)
    role: str = settings.WEB_DATABASE["USER"]
    if not _let_in(web, role):
        return
    # A child loads the models: workers forked from a process with models would never see new code.
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as child:
        refusal = child.submit(_refusal, role).result()
    if refusal:
        raise RuntimeError(refusal)


def _refusal(role: str) -> str:
    """Empty if all is well, or the database went away."""
    django.setup()
    try:
        lacking = role_lacks(role=role)
    except (RoleRefused, TableWithoutRule) as refusal:
        return refusal.message
    except DatabaseError:
        return ""
    if not lacking:
        return _wrong_contact_key()
    named = ", ".join(lacking[:5]) + (f" and {len(lacking) - 5} more" if len(lacking) > 5 else "")
    return f"{role}, of WEB_DATABASE_URL, may not do what pages need with {named}. {_MENDING}"


def _wrong_contact_key() -> str:
    from leads.contact_key_check import ContactKeyChanged, contact_key_check  # a model, which only the child may load

    try:
        contact_key_check()
    except ContactKeyChanged as refusal:
        return refusal.message
    except DatabaseError:
        return ""
    return ""


def _let_in(web: DatabaseWrapper, role: str) -> bool:
    """False if nobody answers. No pool: it would try for ten seconds and hide the reason."""
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

"""The web's role in the tests' database: made, and gone again with the test's transaction."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.db import connection

from homeshield.database_roles.provisioning import roles_provision


@pytest.fixture
def role(db: None) -> str:
    """A name of this database's own: roles belong to the whole server."""
    return f"{connection.settings_dict['NAME']}_web"


@pytest.fixture
def as_web(role: str) -> Callable[[], AbstractContextManager[None]]:
    """Within it the test's own connection is the web's role, which has been provisioned."""
    roles_provision(role=role)

    @contextmanager
    def as_web() -> Iterator[None]:
        with connection.cursor() as cursor:
            cursor.execute(f'SET LOCAL ROLE "{role}"')
            yield
            cursor.execute("RESET ROLE")

    return as_web

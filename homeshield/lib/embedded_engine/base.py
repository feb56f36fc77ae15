"""Django's PostgreSQL engine, except that the server is the embedded one and is started when it is needed."""

from collections.abc import Iterable
from typing import Any, cast

from django.db.backends.postgresql import base, client
from psycopg import conninfo
from psycopg_pool import ConnectionPool

from homeshield.lib import embedded_postgres


def _connection_string() -> str:
    """Where to connect, after making sure that somebody listens there."""
    info = embedded_postgres.ensure_running()
    return conninfo.make_conninfo(host=info.host, port=info.port)


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell` with the psql that belongs to the server."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        info = embedded_postgres.ensure_running()
        settings_dict = {**settings_dict, "HOST": info.host, "PORT": info.port, "USER": info.user}
        arguments, environment = super().settings_to_cmd_args_env(settings_dict, parameters)
        return [str(embedded_postgres.postgres_binary("psql")), *arguments[1:]], environment


class DatabaseWrapper(base.DatabaseWrapper):
    """Connections of this engine start the server on first need, and again after it was killed or stopped."""

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        info = embedded_postgres.ensure_running()
        # A role of its own for the web process; who may enter the socket's folder may be any.
        place = {"host": info.host, "port": info.port, "user": self.settings_dict["USER"] or info.user}
        return {**super().get_connection_params(), **place}

    @property
    def pool(self) -> ConnectionPool[Any] | None:
        """Django's pool, which looks after the server before each connection that it makes.

        A pool asks get_connection_params once in its life, but connects on its own in background threads, also
        to replace the connections of a dead server. It calls a callable `conninfo` each time that it connects.
        """
        pool = cast("ConnectionPool[Any] | None", super().pool)
        if pool is not None:
            pool.conninfo = _connection_string
        return pool

    def close_pool(self) -> None:
        """Closes the pool if there is one. Django's own method first makes one, which would start the server."""
        if self.alias in self._connection_pools:  # type: ignore[attr-defined]  # the stubs lack it
            super().close_pool()

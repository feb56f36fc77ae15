"""Django's PostgreSQL engine, which starts the embedded server on demand."""

from collections.abc import Iterable
from typing import Any, cast

from django.db.backends.postgresql import base, client
from psycopg import conninfo
from psycopg_pool import ConnectionPool

from homeshield.lib import embedded_postgres


def _connection_string() -> str:
    info = embedded_postgres.ensure_running()
    return conninfo.make_conninfo(host=info.host, port=info.port)


class DatabaseClient(client.DatabaseClient):
    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        info = embedded_postgres.ensure_running()
        settings_dict = {**settings_dict, "HOST": info.host, "PORT": info.port, "USER": info.user}
        arguments, environment = super().settings_to_cmd_args_env(settings_dict, parameters)
        return [str(embedded_postgres.postgres_binary("psql")), *arguments[1:]], environment


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        info = embedded_postgres.ensure_running()
        # The web process has its own role. Anyone who can enter the socket's folder may use any role.
        place = {"host": info.host, "port": info.port, "user": self.settings_dict["USER"] or info.user}
        return {**super().get_connection_params(), **place}

    @property
    def pool(self) -> ConnectionPool[Any] | None:
        """The pool calls get_connection_params only once, but a callable `conninfo` for each connection."""
        pool = cast("ConnectionPool[Any] | None", super().pool)
        if pool is not None:
            pool.conninfo = _connection_string
        return pool

    def close_pool(self) -> None:
        """Django's own method would create a pool, and so start the server."""
        if self.alias in self._connection_pools:  # type: ignore[attr-defined]  # the stubs lack it
            super().close_pool()

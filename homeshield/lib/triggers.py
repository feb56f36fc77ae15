from typing import override

import pgtrigger
from django.db import models
from pgtrigger import compiler


class OwnerTrigger(pgtrigger.Trigger):
    """Runs as the tables' owner, to write rows that the statement's role may not."""

    @override
    def compile(self, model: models.Model) -> compiler.Trigger:
        return compiler.Trigger(name=self.name, sql=_ActsAsOwner(**super().compile(model).sql.kwargs))


class FirmTrigger(pgtrigger.Trigger):
    """Always fires. Any role can disable others by setting `pgtrigger.ignore`."""

    @override
    def compile(self, model: models.Model) -> compiler.Trigger:
        return compiler.Trigger(name=self.name, sql=_NeverIgnored(**super().compile(model).sql.kwargs))


class FirmOwnerTrigger(pgtrigger.Trigger):
    """Runs as the tables' owner, and always fires."""

    @override
    def compile(self, model: models.Model) -> compiler.Trigger:
        return compiler.Trigger(name=self.name, sql=_NeverIgnoredAsOwner(**super().compile(model).sql.kwargs))


class _ActsAsOwner(compiler.UpsertTriggerSql):
    """A fixed search path, or the caller could lead the owner to the caller's own tables."""

    @override
    def get_template(self) -> str:
        return _as_owner(super().get_template())


def _as_owner(template: str) -> str:
    before, _, after = template.rpartition("$$ LANGUAGE plpgsql;")
    return f"{before}$$ LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp;{after}"


class _NeverIgnored(compiler.UpsertTriggerSql):
    @override
    def get_template(self) -> str:
        return """
            CREATE OR REPLACE FUNCTION {pgid}() RETURNS TRIGGER AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$ LANGUAGE plpgsql;

            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE {constraint} TRIGGER {pgid}
                {when} {operation} ON {table}
                {timing}
                {referencing}
                FOR EACH {level} {condition}
                EXECUTE FUNCTION {execute};

            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class _NeverIgnoredAsOwner(_NeverIgnored):
    @override
    def get_template(self) -> str:
        return _as_owner(super().get_template())

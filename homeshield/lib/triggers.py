"""Two kinds of trigger beside pgtrigger's own: one acts as the owner of the tables, one cannot be switched off."""

from typing import override

import pgtrigger
from django.db import models
from pgtrigger import compiler


class OwnerTrigger(pgtrigger.Trigger):
    """A trigger that acts as the owner of the tables, whoever's statement fires it.

    For what a statement must write beyond the rows that its own role may see or change.
    """

    @override
    def compile(self, model: models.Model) -> compiler.Trigger:
        return compiler.Trigger(name=self.name, sql=_ActsAsOwner(**super().compile(model).sql.kwargs))


class FirmTrigger(pgtrigger.Trigger):
    """A trigger that always fires. The others look away where a session sets `pgtrigger.ignore`, as any role may."""

    @override
    def compile(self, model: models.Model) -> compiler.Trigger:
        return compiler.Trigger(name=self.name, sql=_NeverIgnored(**super().compile(model).sql.kwargs))


class _ActsAsOwner(compiler.UpsertTriggerSql):
    """The search path is fixed, because the caller's could lead the owner to a table of the caller's."""

    @override
    def get_template(self) -> str:
        before, _, after = super().get_template().rpartition("$$ LANGUAGE plpgsql;")
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

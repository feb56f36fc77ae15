"""Triggers that act as the owner of the tables."""

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
        compiled = super().compile(model)
        return compiler.Trigger(name=self.name, sql=_ActsAsOwner(**compiled.sql.kwargs))


class _ActsAsOwner(compiler.UpsertTriggerSql):
    """The search path is fixed, because the caller's could lead the owner to a table of the caller's."""

    @override
    def get_template(self) -> str:
        before, _, after = super().get_template().rpartition("$$ LANGUAGE plpgsql;")
        return f"{before}$$ LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp;{after}"

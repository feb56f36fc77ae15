from typing import Any, override

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Value
from django.db.models.expressions import DatabaseDefault


class IdentityField(models.BigIntegerField):  # type: ignore[type-arg]
    """A number that the database gives each new row, from `first` on. Nobody else can. Gaps mean nothing."""

    db_returning = True  # an INSERT brings it back

    def __init__(self, *args: Any, first: int = 1, **kwargs: Any) -> None:
        self.first = first
        super().__init__(*args, **{"editable": False} | kwargs)

    @override
    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "first": self.first}

    @override
    def db_type_suffix(self, connection: BaseDatabaseWrapper) -> str:
        return f"GENERATED ALWAYS AS IDENTITY (START WITH {self.first})"

    @override
    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """The keyword DEFAULT in an INSERT."""
        if not add:
            return super().pre_save(model_instance, add)
        return DatabaseDefault(Value(None, output_field=models.BigIntegerField()))

from typing import Any, override

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class HomeshieldConfig(AppConfig):
    name = "homeshield"

    @override
    def ready(self) -> None:
        from homeshield import checks  # noqa: F401 - registers them

        post_migrate.connect(apply_rules, sender=apps.get_app_config("pgtrigger"))


def apply_rules(**signal: Any) -> None:
    """After `migrate`, the triggers, policies and functions are as the models declare.

    `flush` sends the signal too, without a plan.
    """
    from homeshield.database_roles.rules import rules_apply

    if "plan" in signal:
        rules_apply()

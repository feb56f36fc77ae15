from typing import Any, override

import pgtrigger
from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class HomeshieldConfig(AppConfig):
    name = "homeshield"

    @override
    def ready(self) -> None:
        from homeshield import checks  # noqa: F401 - registers them

        post_migrate.connect(install_triggers, sender=apps.get_app_config("pgtrigger"))


def install_triggers(**signal: Any) -> None:
    """Brings the triggers to what the models declare, after `migrate`. `flush` sends the signal too, without a plan."""
    if "plan" in signal:
        for model, trigger in pgtrigger.registered():
            if trigger.get_installation_status(model, database=signal["using"])[0] != "INSTALLED":
                trigger.install(model, database=signal["using"])
        pgtrigger.prune(database=signal["using"])

from typing import override

from django.apps import AppConfig


class HomeshieldConfig(AppConfig):
    name = "homeshield"

    @override
    def ready(self) -> None:
        from homeshield import checks  # noqa: F401 - registers them

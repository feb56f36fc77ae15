from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "homeshield.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from homeshield.accounts import recording, sessions  # noqa: F401 - to connect their receivers

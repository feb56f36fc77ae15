from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "homeshield.accounts"
    label = "accounts"
    verbose_name = "Accounts"

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "homeshield.billing"
    label = "billing"
    verbose_name = "Billing"

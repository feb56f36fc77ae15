from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "homeshield.audit"
    label = "audit"
    verbose_name = "Audit"

from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUPS = ("support", "auditor")
PERMISSION = "view_document"


def allow(apps, schema_editor):
    """Django makes permissions after all migrations; these groups need theirs now."""
    config = apps.get_app_config("billing")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    permission = Permission.objects.get(content_type__app_label="billing", codename=PERMISSION)
    for group in Group.objects.filter(name__in=GROUPS):
        group.permissions.add(permission)


def forbid(apps, schema_editor):
    Permission = apps.get_model("auth", "Permission")
    Permission.objects.filter(content_type__app_label="billing", codename=PERMISSION).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0002_documents"),
        ("homeshield", "0004_staff_withdraw_leads"),
    ]

    operations = [migrations.RunPython(allow, forbid)]

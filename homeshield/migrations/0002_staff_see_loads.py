from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUPS = ("operations", "auditor")
PERMISSION = "view_load"


def allow(apps, schema_editor):
    """Django makes permissions after all migrations; these groups need theirs now."""
    config = apps.get_app_config("leads")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    permission = Permission.objects.get(content_type__app_label="leads", codename=PERMISSION)
    for group in Group.objects.filter(name__in=GROUPS):
        group.permissions.add(permission)


def forbid(apps, schema_editor):
    Permission = apps.get_model("auth", "Permission")
    Permission.objects.filter(content_type__app_label="leads", codename=PERMISSION).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("homeshield", "0001_staff_groups"),
        ("leads", "0003_loads_and_contact_keys"),
    ]

    operations = [migrations.RunPython(allow, forbid)]

from django.contrib.auth.management import create_permissions
from django.db import migrations

SEE = ["view_discountrule", "view_clientprice"]
GROUPS = {
    "pricing": [*SEE, *(f"{act}_{model}" for act in ("add", "delete") for model in ("discountrule", "clientprice"))],
    "auditor": SEE,
}


def allow(apps, schema_editor):
    """Django makes permissions after all migrations; these groups need theirs now."""
    config = apps.get_app_config("pricing")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in GROUPS.items():
        for group in Group.objects.filter(name=name):
            group.permissions.add(*Permission.objects.filter(content_type__app_label="pricing", codename__in=codenames))


def forbid(apps, schema_editor):
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in GROUPS.items():
        for group in Group.objects.filter(name=name):
            group.permissions.remove(
                *Permission.objects.filter(content_type__app_label="pricing", codename__in=codenames)
            )


class Migration(migrations.Migration):
    dependencies = [("homeshield", "0007_staff_of_payments"), ("pricing", "0002_discounts")]

    operations = [migrations.RunPython(allow, forbid)]

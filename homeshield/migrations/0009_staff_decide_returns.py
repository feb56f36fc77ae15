from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUPS = {
    "support": ["view_return"],
    "operations": ["view_return", "change_return"],
    "auditor": ["view_return"],
}


def give(apps, schema_editor):
    """Django makes permissions after all migrations; these groups need theirs now."""
    config = apps.get_app_config("sales")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in GROUPS.items():
        for group in Group.objects.filter(name=name):
            group.permissions.add(*Permission.objects.filter(content_type__app_label="sales", codename__in=codenames))


class Migration(migrations.Migration):
    """Who of the staff sees returns, and who decides them."""

    dependencies = [("homeshield", "0008_staff_set_discounts"), ("sales", "0008_returns")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]

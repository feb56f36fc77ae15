from django.contrib.auth.management import create_permissions
from django.db import migrations

SEE = ["leads.view_optout", "leads.view_optoutlist", "sales.view_notice"]
GROUPS = {
    "support": SEE,
    "operations": [*SEE, "leads.add_optout", "leads.change_optout"],
    "auditor": SEE,
}


def give(apps, schema_editor):
    """Django makes permissions after all migrations; these groups need theirs now."""
    for label in ("leads", "sales"):
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, permissions in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        for permission in permissions:
            label, codename = permission.split(".")
            group.permissions.add(Permission.objects.get(content_type__app_label=label, codename=codename))


class Migration(migrations.Migration):
    """Who of the staff sees opt-outs and notices, and who opts people out."""

    dependencies = [("homeshield", "0002_staff_see_loads"), ("leads", "0004_erasure"), ("sales", "0004_notices")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]

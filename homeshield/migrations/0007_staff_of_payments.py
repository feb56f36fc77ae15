from django.contrib.auth.management import create_permissions
from django.db import migrations

SEE = ["payment", "paymentevent", "refundrequest", "refund", "dispute", "topup"]
VIEW = [f"view_{model}" for model in SEE]
GROUPS = {"finance": [*VIEW, "add_payment", "change_refundrequest"], "support": VIEW, "auditor": VIEW}


def allow(apps, schema_editor):
    """Django makes permissions after all migrations; these groups need theirs now."""
    config = apps.get_app_config("billing")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*Permission.objects.filter(content_type__app_label="billing", codename__in=codenames))


def forbid(apps, schema_editor):
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in GROUPS.items():
        for group in Group.objects.filter(name=name):
            group.permissions.remove(
                *Permission.objects.filter(content_type__app_label="billing", codename__in=codenames)
            )


class Migration(migrations.Migration):
    """Who of the staff sees payments, and who records transfers and decides on refunds."""

    dependencies = [("homeshield", "0006_staff_of_accounts"), ("billing", "0004_payments")]

    operations = [migrations.RunPython(allow, forbid)]

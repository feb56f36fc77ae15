from django.contrib.auth.management import create_permissions
from django.db import migrations

VIEWS = {
    "accounts": ("client", "user", "apikey", "clientchange", "invitation"),
    "audit": ("auditevent",),
    "exports": ("export",),
    "inventory": ("inventoryrecord",),
    "leads": ("lead",),
    "pricing": ("pricerule",),
    "sales": ("order", "sale"),
}
GROUPS = {
    "pricing": ["pricing.view_pricerule", "pricing.add_pricerule", "pricing.delete_pricerule"],
    "support": [
        "accounts.view_client",
        "accounts.change_client",
        "accounts.view_user",
        "accounts.view_apikey",
        "accounts.change_apikey",
        "exports.view_export",
        "sales.view_order",
        "sales.view_sale",
    ],
    "operations": ["leads.view_lead", "inventory.view_inventoryrecord"],
    "auditor": [f"{app}.view_{model}" for app, models in VIEWS.items() for model in models],
}


def make_groups(apps, schema_editor):
    """Django makes permissions after all migrations; these groups need theirs now."""
    for label in VIEWS:
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


def remove_groups(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=GROUPS).delete()


class Migration(migrations.Migration):
    """Staff by what they do. Members, and permissions beyond these, are given in the administration."""

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("accounts", "0001_initial"),
        ("audit", "0001_initial"),
        ("exports", "0001_initial"),
        ("inventory", "0001_initial"),
        ("leads", "0001_initial"),
        ("pricing", "0001_initial"),
        ("sales", "0001_initial"),
    ]

    operations = [migrations.RunPython(make_groups, remove_groups)]

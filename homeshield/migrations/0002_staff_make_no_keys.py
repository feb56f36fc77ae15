from django.db import migrations


def take_back(apps, schema_editor):
    """Companies make their keys themselves; staff look at keys and revoke them."""
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    making = Permission.objects.filter(content_type__app_label="accounts", codename="add_apikey")
    for group in Group.objects.all():
        group.permissions.remove(*making)


class Migration(migrations.Migration):
    dependencies = [("homeshield", "0001_staff_groups")]

    operations = [migrations.RunPython(take_back, migrations.RunPython.noop)]

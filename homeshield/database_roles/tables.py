"""What the web's role may do with every table: as our models declare, and as listed here for those of libraries.

Only the owner may alter a table, truncate it, or switch a trigger off.
"""

from collections.abc import Mapping

from django.apps import apps

from homeshield.lib.table_rules import APPEND, KEEP, READ, Privileges, TableRules

LIBRARY_TABLES: Mapping[str, Privileges] = {
    "account_emailaddress": KEEP,
    "account_emailconfirmation": KEEP,
    "auth_group": READ,
    "auth_group_permissions": READ,
    "auth_permission": READ,
    "cache": KEEP,
    "django_admin_log": APPEND,
    "django_content_type": READ,
    "django_migrations": READ,
    "django_session": KEEP,
    "django_tasks_database_dbtaskresult": ("INSERT",),  # pages give tasks, and read none
    "mfa_authenticator": KEEP,
    "socialaccount_socialaccount": KEEP,
    "socialaccount_socialapp": READ,
    "socialaccount_socialtoken": KEEP,
    "users_groups": READ,  # an operator says who is staff: manage.py staff
    "users_user_permissions": READ,
    "usersessions_usersession": KEEP,
}

NOT_EVERYWHERE = frozenset({"socialaccount_socialaccount", "socialaccount_socialapp", "socialaccount_socialtoken"})
"""Tables that are there only where the settings ask for them."""


def declared_rules() -> dict[str, TableRules]:
    """The rules of our own models, by table."""
    found: dict[str, TableRules] = {}
    for model in apps.get_models():
        rules = getattr(model, "table_rules", None)
        if isinstance(rules, TableRules):
            found[model._meta.db_table] = rules
    return found


def web_privileges() -> dict[str, Privileges]:
    """What the web's role may do with each table and view."""
    ours = declared_rules()
    views = {view.name: READ for rules in ours.values() for view in rules.views}
    return {**LIBRARY_TABLES, **{table: rules.web_may for table, rules in ours.items()}, **views}

"""The web's privileges on every table, from our models and, for libraries, from here.

Only the owner may alter or truncate a table, or disable triggers.
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
    "django_tasks_database_dbtaskresult": ("INSERT",),  # pages never read tasks
    "mfa_authenticator": KEEP,
    "socialaccount_socialaccount": KEEP,
    "socialaccount_socialapp": READ,
    "socialaccount_socialtoken": KEEP,
    "users_groups": READ,  # operators appoint staff: manage.py staff
    "users_user_permissions": READ,
    "usersessions_usersession": KEEP,
}

NOT_EVERYWHERE = frozenset({"socialaccount_socialaccount", "socialaccount_socialapp", "socialaccount_socialtoken"})
"""Depend on the settings."""


def declared_rules() -> dict[str, TableRules]:
    found: dict[str, TableRules] = {}
    for model in apps.get_models():
        rules = getattr(model, "table_rules", None)
        if isinstance(rules, TableRules):
            found[model._meta.db_table] = rules
    return found


def web_privileges() -> dict[str, Privileges]:
    ours = declared_rules()
    views = {view.name: READ for rules in ours.values() for view in rules.views}
    return {**LIBRARY_TABLES, **{table: rules.web_may for table, rules in ours.items()}, **views}

"""Roles of the database: what the web process may do there, made and checked by `manage.py provision_roles`."""

"""The walls in the database, and the role of the web process: applied and checked by `manage.py provision_roles`."""

"""The web's role, policies and triggers; `manage.py provision_roles` applies and checks them."""

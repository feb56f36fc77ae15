"""Django's PostgreSQL engine on the embedded server. Named as ENGINE in the settings; see base.py."""

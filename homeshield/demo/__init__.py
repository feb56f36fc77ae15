"""What `manage.py demo` shows: fictional leads, accounts that everybody knows, and a server for this machine alone."""

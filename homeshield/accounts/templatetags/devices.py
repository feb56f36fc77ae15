from django import template

from homeshield.accounts.browser_names import browser_name

register = template.Library()
register.filter("browser", browser_name)

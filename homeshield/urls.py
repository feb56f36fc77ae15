"""Where every page lives: each app brings its own addresses."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from django_tasks_db.models import DBTaskResult

from homeshield import views as site
from homeshield.accounts.urls import company_urlpatterns
from homeshield.api import api, docs, health, no_such_operation
from sales.front_page import home
from sales.urls import inventory_urlpatterns

admin.site.site_header = "HomeShield staff"
admin.site.site_title = "HomeShield staff"
admin.site.index_title = "Administration"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # one sign-in for the site
for model in [model for model in admin.site._registry if model.__module__.startswith("allauth.")]:
    admin.site.unregister(model)  # the user's own, and changed on the account pages alone
admin.site.unregister(DBTaskResult)  # for operators: the web's login reads no tasks

handler400 = "homeshield.views.bad_request"

urlpatterns = [
    path("", home, name="home"),
    path("inventory/", include((inventory_urlpatterns, "inventory"))),
    path("", include("sales.urls")),
    path("", include("exports.urls")),
    path("suppression/", include("inventory.suppression.urls")),
    path("billing/", include("homeshield.billing.urls")),
    path("accounts/", include((company_urlpatterns, "accounts"))),
    path("accounts/", include("homeshield.accounts.urls")),
    path("api/v1/", api.urls),
    re_path(r"^api(?:/|$)", no_such_operation),
    path("docs", docs, name="docs"),
    path("health", health, name="health"),
    path("company", site.company, name="company"),
    path("terms", site.terms, name="terms"),
    path("privacy", site.privacy_policy, name="privacy-policy"),
    path("robots.txt", site.robots_txt, name="robots-txt"),
    path(".well-known/security.txt", site.security_txt, name="security-txt"),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),  # one page for it
    path("admin/", admin.site.urls),
]

"""The account pages: those of django-allauth that the shop offers, under the names that it knows them by."""

from allauth.account import views
from allauth.urls import build_provider_urlpatterns
from django.apps import apps
from django.urls import include, path, re_path

from homeshield.accounts import team_views
from homeshield.accounts.views import key_list, key_revoke_now

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("signup/", views.signup, name="account_signup"),
    path("email/", views.email, name="account_email"),
    path("confirm-email/", views.email_verification_sent, name="account_email_verification_sent"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("second-factor/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
]
if apps.is_installed("allauth.socialaccount"):
    urlpatterns += [path("social/", include("allauth.socialaccount.urls")), *build_provider_urlpatterns()]

company_urlpatterns = [
    path("api-keys/", key_list, name="key-list"),
    path("api-keys/<uuid:key_id>/revoke/", key_revoke_now, name="key-revoke"),
    path("team/", team_views.team_show, name="team-show"),
    path("team/<uuid:user_id>/role/", team_views.member_role, name="member-role"),
    path("team/<uuid:user_id>/remove/", team_views.member_remove_now, name="member-remove"),
    path(
        "team/invitations/<uuid:invitation_id>/withdraw/",
        team_views.invitation_withdraw_now,
        name="invitation-withdraw",
    ),
    path("invitations/<str:token>/", team_views.invitation_show, name="invitation-show"),
]
"""What belongs to a company."""

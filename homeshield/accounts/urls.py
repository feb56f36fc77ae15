"""allauth's whole URL lists: a list of our own broke sign-in when a release added a URL."""

from allauth.urls import build_provider_urlpatterns
from django.apps import apps
from django.urls import include, path

from homeshield.accounts import team_views
from homeshield.accounts.views import key_list, key_revoke_now

urlpatterns = [
    path("", include("allauth.account.urls")),
    path("second-factor/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
]
if apps.is_installed("allauth.socialaccount"):
    urlpatterns += [path("social/", include("allauth.socialaccount.urls")), *build_provider_urlpatterns()]

company_urlpatterns = [
    path("api-keys/", key_list, name="key-list"),
    path("api-keys/<uuid:key_id>/revoke/", key_revoke_now, name="key-revoke"),
    path("team/", team_views.team_show, name="team-show"),
    path("team/second-factor/", team_views.second_factor_require, name="second-factor-require"),
    path("team/invitations/", team_views.invitation_send_now, name="invitation-send"),
    path("team/<uuid:user_id>/role/", team_views.member_role, name="member-role"),
    path("team/<uuid:user_id>/remove/", team_views.member_remove_confirm, name="member-remove"),
    path(
        "team/invitations/<uuid:invitation_id>/withdraw/",
        team_views.invitation_withdraw_now,
        name="invitation-withdraw",
    ),
    path("invitations/<str:token>/", team_views.invitation_show, name="invitation-show"),
]

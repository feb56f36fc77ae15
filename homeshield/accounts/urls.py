"""The page of a buyer's API keys."""

from django.urls import path

from homeshield.accounts import views

app_name = "accounts"

urlpatterns = [
    path("", views.key_list, name="key-list"),
    path("<uuid:key_id>/revoke/", views.key_revoke_now, name="key-revoke"),
]

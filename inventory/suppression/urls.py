"""Addresses of suppression lists."""

from django.urls import path

from inventory.suppression import views

app_name = "suppression"
urlpatterns = [
    path("", views.list_list, name="list-list"),
    path("<uuid:list_id>/", views.list_show, name="list-show"),
    path("<uuid:list_id>/entries/", views.upload_send, name="upload-send"),
    path("<uuid:list_id>/change/", views.list_change_now, name="list-change"),
    path("<uuid:list_id>/remove/", views.list_remove_now, name="list-remove"),
    path("uploads/<uuid:upload_id>/", views.upload_show, name="upload-show"),
    path("uploads/<uuid:upload_id>/confirm/", views.upload_confirm_now, name="upload-confirm"),
    path("uploads/<uuid:upload_id>/discard/", views.upload_discard_now, name="upload-discard"),
]

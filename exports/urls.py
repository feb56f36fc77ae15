"""Addresses of exports, below the site's root: they belong to the orders' pages."""

from django.urls import path

from exports import views

app_name = "exports"
urlpatterns = [
    path("orders/<uuid:order_id>/leads.csv", views.order_download, name="order-download"),
]

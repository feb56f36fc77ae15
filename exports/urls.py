"""Under the site's root, because they belong to the order pages."""

from django.urls import path

from exports import views

app_name = "exports"
urlpatterns = [
    path("orders/<uuid:order_id>/leads.csv", views.order_download, name="order-download"),
]

"""Addresses of documents, which homeshield/billing/urls.py includes."""

from django.urls import path

from homeshield.billing.documents import views

urlpatterns = [
    path("documents/", views.document_list, name="document-list"),
    path("documents/<uuid:document_id>/", views.document_show, name="document-show"),
    path("documents/<uuid:document_id>.pdf", views.document_download, name="document-download"),
    path("details/", views.details_edit, name="details-edit"),
]

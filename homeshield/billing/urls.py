from homeshield.billing.documents.urls import urlpatterns as documents

app_name = "billing"
urlpatterns = [
    *documents,
]

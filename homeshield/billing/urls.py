from django.urls import path

from homeshield.billing.documents.urls import urlpatterns as documents
from homeshield.billing.ledger import views as ledger

app_name = "billing"
urlpatterns = [
    path("", ledger.balance_show, name="balance-show"),
    path("ledger.csv", ledger.ledger_download, name="ledger-download"),
    *documents,
]

from django.urls import path

from homeshield.billing.budgets import views as budgets
from homeshield.billing.documents.urls import urlpatterns as documents
from homeshield.billing.ledger import views as ledger
from homeshield.billing.payments.urls import urlpatterns as payments

app_name = "billing"
urlpatterns = [
    path("", ledger.balance_show, name="balance-show"),
    path("ledger.csv", ledger.ledger_download, name="ledger-download"),
    path("budgets/users/<uuid:user_id>/", budgets.user_budget, name="user-budget"),
    path("budgets/keys/<uuid:key_id>/", budgets.key_budget, name="key-budget"),
    *documents,
    *payments,
]

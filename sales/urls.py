"""The shop's pages: the inventory to browse, the order to put together, the orders placed."""

from django.urls import path

from sales.browse import views as browse
from sales.cart import views as cart
from sales.history import views as history
from sales.ordering import views as ordering

app_name = "sales"

inventory_urlpatterns = [
    path("", browse.record_list, name="record-list"),
]
"""Browsing shows stock with its prices, so its view lives here, above both; its address is the inventory's."""

urlpatterns = [
    path("order/", cart.draft_show, name="draft-show"),
    path("order/buy/", ordering.draft_buy, name="draft-buy"),
    path("order/quantities/", cart.draft_change, name="draft-change"),
    path("order/lines/", browse.line_add, name="line-add"),
    path("order/lines/quote/", browse.line_quote, name="line-quote"),
    path("order/lines/<uuid:line_id>/remove/", cart.line_remove, name="line-remove"),
    path("order/lines/<uuid:line_id>/replace/", cart.line_replace, name="line-replace"),
    path("orders/", history.order_list, name="order-list"),
    path("orders/<uuid:order_id>/", history.order_show, name="order-show"),
]

"""The shop's pages: the inventory to browse, the order to put together, the orders placed."""

from django.urls import path

from sales import browse, views

app_name = "sales"

inventory_urlpatterns = [
    path("", browse.record_list, name="record-list"),
]
"""Browsing shows stock with its prices, so its view lives here, above both; its address is the inventory's."""

urlpatterns = [
    path("order/", views.draft_show, name="draft-show"),
    path("order/buy/", views.draft_buy, name="draft-buy"),
    path("order/quantities/", views.draft_change, name="draft-change"),
    path("order/lines/", views.line_add, name="line-add"),
    path("order/lines/quote/", views.line_quote, name="line-quote"),
    path("order/lines/<uuid:line_id>/remove/", views.line_remove, name="line-remove"),
    path("order/lines/<uuid:line_id>/replace/", views.line_replace, name="line-replace"),
    path("orders/", views.order_list, name="order-list"),
    path("orders/<uuid:order_id>/", views.order_show, name="order-show"),
]

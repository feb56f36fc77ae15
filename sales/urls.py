"""The shop's pages: the inventory to browse, the order to put together, the orders placed."""

from django.urls import path

from sales.browse import views as browse
from sales.cart import views as cart
from sales.certificates import views as certificates
from sales.history import views as history
from sales.invoicing import views as invoicing
from sales.ordering import views as ordering
from sales.privacy import public_views as public
from sales.privacy import views as privacy
from sales.returns import views as returns
from sales.saved import views as saved
from sales.territories import views as territories

app_name = "sales"

inventory_urlpatterns = [
    path("", browse.record_list, name="record-list"),
]
"""Browsing shows stock with its prices, so its view lives here, above both; its address is the inventory's."""

urlpatterns = [
    path("order/", cart.draft_show, name="draft-show"),
    path("order/buy/", ordering.draft_buy, name="draft-buy"),
    path("order/prices/", cart.draft_prices, name="draft-prices"),
    path("order/take/", cart.draft_take, name="draft-take"),
    path("order/code/", cart.draft_code, name="draft-code"),
    path("order/quantities/", cart.draft_change, name="draft-change"),
    path("order/lines/", browse.line_add, name="line-add"),
    path("order/lines/quote/", browse.line_quote, name="line-quote"),
    path("order/lines/<uuid:line_id>/remove/", cart.line_remove, name="line-remove"),
    path("order/lines/<uuid:line_id>/replace/", cart.line_replace, name="line-replace"),
    path("order/territory/", territories.territory_show, name="territory-show"),
    path("order/territory/add/", territories.territory_add, name="territory-add"),
    path("order/territory/save/", territories.territory_keep, name="territory-save"),
    path("order/territories/<uuid:territory_id>/rename/", territories.territory_change, name="territory-rename"),
    path("order/territories/<uuid:territory_id>/remove/", territories.territory_drop, name="territory-remove"),
    path("notices/", privacy.notice_list, name="notice-list"),
    path("notices/confirm/", privacy.notice_confirm_all, name="notice-confirm-all"),
    path("notices/<uuid:notice_id>/confirm/", privacy.notice_confirm_one, name="notice-confirm"),
    path("privacy/opt-out", public.opt_out_page, name="opt-out"),
    path("privacy/opt-out/code", public.opt_out_code_page, name="opt-out-code"),
    path("privacy/opt-out/done", public.opt_out_done, name="opt-out-done"),
    path("orders/", history.order_list, name="order-list"),
    path("orders/year/", history.order_year, name="order-year"),
    path("orders/<uuid:order_id>/", history.order_show, name="order-show"),
    path("searches/", saved.search_list, name="search-list"),
    path("searches/<uuid:search_id>/", saved.search_open, name="search-open"),
    path("searches/<uuid:search_id>/mail/", saved.search_mail, name="search-mail"),
    path("searches/<uuid:search_id>/remove/", saved.search_delete, name="search-remove"),
    path("searches/stop/<str:token>/", saved.search_stop, name="search-stop"),
    path("leads/", history.lead_list, name="lead-list"),
    path("leads/<uuid:sale_id>/", history.lead_show, name="lead-show"),
    path("orders/<uuid:order_id>/invoice/", invoicing.order_invoice, name="order-invoice"),
    path("orders/<uuid:order_id>/return/", returns.return_new, name="return-new"),
    path("returns/", returns.return_list, name="return-list"),
    path("returns/read/", returns.returns_read_all, name="return-read-all"),
    path("returns/upload/", returns.return_upload, name="return-upload"),
    path("orders/<uuid:order_id>/certificate.json", certificates.order_certificate, name="order-certificate"),
]

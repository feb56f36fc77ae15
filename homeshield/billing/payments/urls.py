from django.urls import path

from homeshield.billing.payments import refund_views, top_up_views, views, webhook_views

urlpatterns = [
    path("pay-in", views.payment_new, name="payment-new"),
    path("pay-in/<uuid:payment_id>", views.payment_show, name="payment-show"),
    path("top-up", top_up_views.top_up_show, name="top-up-show"),
    path("top-up/card", top_up_views.top_up_card, name="top-up-card"),
    path("top-up/off", top_up_views.top_up_off, name="top-up-off"),
    path("refunds", refund_views.refund_new, name="refund-new"),
    path("stripe", webhook_views.stripe_webhook, name="stripe-webhook"),
]

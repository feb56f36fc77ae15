"""The router of purchases: placing an order and listing orders are two methods of one address."""

from ninja import Router

router = Router(tags=["Purchases"])

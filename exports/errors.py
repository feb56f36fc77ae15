from collections.abc import Sequence
from uuid import UUID

from homeshield.lib.errors import DomainError


class SaleNotFound(DomainError):
    code, status, title = "sale_not_found", 404, "Not found"
    sentence = "There are no such sales: {sale_ids}."
    in_detail = ("sale_ids",)
    sale_ids: Sequence[UUID]


class SalesOrderNotFound(SaleNotFound):
    sentence = "You have no such order. Your orders are listed in the order history."
    sale_ids: Sequence[UUID] = ()


class SaleOfAnotherClient(DomainError):
    code, status, title = "sale_of_another_client", 403, "You don’t have access"
    sentence = "These sales belong to another client: {sale_ids}. Leave them out."
    in_detail = ("sale_ids",)
    sale_ids: Sequence[UUID]


class NoSalesNamed(DomainError):
    code, status, title = "no_sales_named", 422, "Nothing to export"
    sentence = "Name at least one sale to export."

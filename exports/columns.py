"""The 33 columns of the purchased-leads CSV, in order (contract, "Export").

Add a column here only.
"""

from dataclasses import dataclass

from homeshield.lib.spreadsheet_cells import harmless_sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A header and its SQL over `sale` and `lead`; NULL is empty.

    `from_outside` marks text by others, which may look like a formula.
    """

    header: str
    sql: str
    from_outside: bool = False

    @property
    def harmless_sql(self) -> str:
        """The cell as written. `suspect` says whether any cell of the row must be sanitized."""
        if not self.from_outside:
            return f'"{self.header}"'
        cell = f'"{self.header}"'
        return f"CASE WHEN suspect THEN {harmless_sql(cell)} ELSE {cell} END"


def _own(header: str, sql: str) -> Column:
    return Column(header=header, sql=sql)


def _cell(field: str) -> Column:
    """A call-center cell, named like the lead's field."""
    return Column(header=field, sql=f"lead.{field}", from_outside=True)


COLUMNS: tuple[Column, ...] = (
    _own("sale_id", "sale.id"),
    _own("order_id", "sale.order_id"),
    _own("lead_id", "sale.lead_id"),
    _own("purchase_price", "sale.purchase_price"),
    _own("currency", "sale.currency"),
    _own("purchase_date", """to_char(sale.sold_at_utc AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""),
    _own("age_bucket_at_purchase", "sale.age_bucket"),
    _own("classification", "lead.classification"),
    _cell("full_name"),
    _cell("first_name"),
    _cell("last_name"),
    _cell("borrower_phone"),
    _cell("call_in_phone_number"),
    _cell("address"),
    _cell("city"),
    _cell("county"),
    _own("state", "lead.state"),
    _cell("zip"),
    _cell("mortgage_id"),
    _cell("mortgage_amount"),
    _cell("lender"),
    _cell("sale_date"),
    _cell("call_in_date"),
    _cell("co_borrower_name"),
    _cell("co_borrower"),
    _cell("borrower_age"),
    _cell("borrower_medical_issues"),
    _cell("borrower_tobacco_use"),
    _cell("source"),
    _cell("campaign_id"),
    _cell("type"),
    _cell("status"),
    _cell("agent_id"),
)

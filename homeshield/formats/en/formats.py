"""How instants are written where a page names no format of its own: to the second, as prices and buckets change."""

DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "Y-m-d H:i:s"

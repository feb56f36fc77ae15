"""The way of a call-centre CSV into the database: source, reader, cleaning, loading, and the report at the end.

report = ingest(source=Path("leads.csv"), as_of=now, on_loaded=inventory_open)
"""

from leads.ingestion.cleaning import NewLead
from leads.ingestion.errors import IngestRefused
from leads.ingestion.loading import OnLoaded, ingest
from leads.ingestion.report import IngestReport, Progress

__all__ = ["IngestRefused", "IngestReport", "NewLead", "OnLoaded", "Progress", "ingest"]

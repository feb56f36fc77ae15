"""Loads a call-center CSV: source, reader, cleaning, loading, report.

report = ingest(source=Path("leads.csv"), as_of=now, records=FirstRecords)
"""

from leads.ingestion.cleaning import NewLead
from leads.ingestion.columns import fields_named
from leads.ingestion.errors import IngestRefused
from leads.ingestion.loading import Records, ingest
from leads.ingestion.options import IngestOptions, MaxRejects
from leads.ingestion.report import IngestReport, Persons, Progress

__all__ = [
    "IngestOptions",
    "IngestRefused",
    "IngestReport",
    "MaxRejects",
    "NewLead",
    "Persons",
    "Progress",
    "Records",
    "fields_named",
    "ingest",
]

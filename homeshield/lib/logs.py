"""What the log keeps of a record."""

import logging
from copy import copy


class TracebacksOfErrors(logging.Filter):
    """Leaves tracebacks to errors. Django adds one to the warning about each page that is refused (403) as well."""

    def filter(self, record: logging.LogRecord) -> logging.LogRecord:
        if record.levelno >= logging.ERROR or not record.exc_info:
            return record
        line = copy(record)  # other handlers may want it whole
        line.exc_info = line.exc_text = None
        return line

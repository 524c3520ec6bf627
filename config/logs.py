"""Log lines without credentials: raters' and studies' tokens stand in addresses, and Django logs addresses."""

import logging
import re

TOKEN_IN_ADDRESS = re.compile(r"(/[sr]/|/(?:raters|studies)/)([A-Za-z0-9_-]{16,})")


class TokenFreeFormatter(logging.Formatter):
    """Formats as usual, then blots out the tokens, in tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        return TOKEN_IN_ADDRESS.sub(r"\1…", super().format(record))

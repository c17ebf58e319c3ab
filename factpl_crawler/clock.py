"""What time it is. A rehearsal says itself which night it is."""

import os
from datetime import datetime

from factpl_crawler.text import KST


def now() -> datetime:
    """Return the time in Korea, or that of FACTPL_NOW, an ISO 8601 time with its zone."""
    rehearsed = os.environ.get("FACTPL_NOW")
    return (datetime.fromisoformat(rehearsed) if rehearsed else datetime.now(KST)).astimezone(KST)

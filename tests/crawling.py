"""The crawler as a person starts it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SCRAPY = [sys.executable, "-W", "error", "-m", "scrapy"]


def scrapy(
    data: Path, *arguments: str, project: str = "demo", now: str = "2024-07-19T03:17:00+09:00"
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FACTPL_DATA": str(data), "SCRAPY_PROJECT": project, "FACTPL_NOW": now}
    command = [*SCRAPY, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)

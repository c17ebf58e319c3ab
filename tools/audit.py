"""Asks an advisory service what is known against the pinned dependencies. Ends with 1 on a finding.

Run: .venv/bin/python tools/audit.py [OPTIONS OF pip-audit]

Where no service can be reached, or it does not know a package, that is said and is no failure: pip-audit itself
fails in the first case as on a finding, and in the second says that nothing was found.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PINNED = "requirements-bench.txt"  # holds those of running and of the tests, too
FOUND, UNUSABLE = 1, 2


def main(options: Sequence[str]) -> int:
    requirements = ["--disable-pip", "--require-hashes", "-r", PINNED, "--progress-spinner", "off"]
    collected = _run([*requirements, "--dry-run"])
    if collected.returncode:
        print(f"{PINNED} cannot be audited:\n{collected.stderr.strip()}", file=sys.stderr)
        return UNUSABLE
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        audit = _run([*requirements, "--timeout", "10", "--format", "json", "--output", str(report), *options])
        if not report.exists():
            last = audit.stderr.strip().splitlines()[-1:]
            print("NOT AUDITED: no advisory service could be reached.", *last)
            return 0
        return _judge(json.loads(report.read_bytes())["dependencies"])


def _run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip_audit", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own words


def _judge(dependencies: list[dict[str, Any]]) -> int:
    unknown = [package["name"] for package in dependencies if "skip_reason" in package]
    found = [(package, advisory) for package in dependencies for advisory in package.get("vulns", [])]
    for package, advisory in found:
        fixed = ", ".join(advisory["fix_versions"]) or "in no version"
        print(f"FOUND: {package['name']} {package['version']}: {advisory['id']}; fixed: {fixed}")
    audited = len(dependencies) - len(unknown)
    print(f"Audited {audited} of {len(dependencies)} dependencies: {len(found)} advisories.")
    if unknown:
        print(f"NOT AUDITED, as the service does not know them: {', '.join(unknown)}")
    return FOUND if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What is known against the dependencies, asked of a service on this machine; and that they are pinned with hashes."""

import json
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from small_site import SmallSite, send

ROOT = Path(__file__).parent.parent
LOCKED = ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt"]
ADVISORY = {
    "id": "PYSEC-2099-1",
    "modified": "2099-01-01T00:00:00Z",
    "summary": "An invented fault.",
    "affected": [
        {
            "package": {"name": "lxml", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


def audit(url: str) -> tuple[int, str]:
    command = [sys.executable, "tools/audit.py", "--vulnerability-service", "osv", "--osv-url", url]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    return run.returncode, run.stdout + run.stderr


def advisories(handler: BaseHTTPRequestHandler) -> None:
    question = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
    known = [ADVISORY] if handler.path == "/known" and question["package"]["name"] == "lxml" else []
    send(json.dumps({"vulns": known} if known else {}).encode(), Content_Type="application/json")(handler)


def test_a_finding_fails_the_audit() -> None:
    with SmallSite({"/known": advisories, "/none": advisories}) as service:
        code, said = audit(service.url("127.0.0.1", "/known"))
        assert (code, re.findall("FOUND: .*", said)) == (
            1,
            [f"FOUND: lxml {pinned()['lxml']}: PYSEC-2099-1; fixed: 99.1"],
        ), said
        code, said = audit(service.url("127.0.0.1", "/none"))
    assert code == 0, said
    assert re.fullmatch(r"Audited (\d+) of \1 dependencies: 0 advisories\.\n", said), said


def test_a_service_that_cannot_be_reached_fails_nothing_and_is_named() -> None:
    code, said = audit("http://127.0.0.1:9/")
    assert (code, said.startswith("NOT AUDITED: no advisory service could be reached.")) == (0, True), said


def pinned() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ")[0].split("==") for line in lines if re.match(r"[A-Za-z0-9]", line))


@pytest.mark.parametrize("name", LOCKED)
def test_every_dependency_is_pinned_with_hashes(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    packages = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert [package.split("\n")[0] for package in packages if not re.match(r"[\w.-]+==[\w.]+ (;|\\)", package)] == []
    assert [package.split("\n")[0] for package in packages if "--hash=sha256:" not in package] == []

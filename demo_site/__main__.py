"""The demonstration: the real crawler, index, search and export over the invented publications."""

import argparse
import shlex
import subprocess
import sys
import time
from pathlib import Path

from demo_site.server import DemoSite
from factpl_crawler.paths import ROOT, data_dir

PORT = 8055
QUERY = "그로크"


def main() -> int:
    parser = argparse.ArgumentParser(prog="./demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the server up until Ctrl-C")
    keep = parser.parse_args().keep
    folder = data_dir() / "demo"
    started = time.monotonic()
    try:
        with DemoSite(port=PORT) as site:
            code = _run_all(folder)
            if code == 0:
                _say_what_was_done(folder, time.monotonic() - started, sum(site.requests.values()))
                if keep:
                    _wait(site)
    except OSError as e:
        sys.stderr.write(f"Error: {e}\n")
        return 2
    return code


def _run_all(folder: Path) -> int:
    shown = _shown(folder)
    search = ["./search_cli.py", "--data", shown]
    commands = [
        ["env", f"FACTPL_DATA={shown}", "SCRAPY_PROJECT=demo", "./nightly", "narutech", "hanjul"],
        [*search, QUERY],
        [*search, "issues", "--limit", "5"],
        [*search, "export", "-o", f"{shown}/export.jsonl"],
    ]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for command in commands:
        if code := _run(command, folder / "demo.log"):
            sys.stderr.write(f"Error: {shlex.join(command)} ended with {code}; see {folder / 'demo.log'}\n")
            return code
    return 0


def _run(command: list[str], log_path: Path) -> int:
    print(f"\n$ {shlex.join(command)}", flush=True)
    with log_path.open("ab") as log:
        errors = log if "./nightly" in command else None
        return subprocess.run(command, cwd=ROOT, stderr=errors, check=False).returncode  # noqa: S603 - our own commands


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def _say_what_was_done(folder: Path, seconds: float, requests: int) -> None:
    shown = _shown(folder)
    print(f"""
Done in {seconds:.0f} s. The crawler asked a server on this machine {requests} times; all it collected lies in {shown}.
Next, try:
  ./search_cli.py --data {shown} 그로크 섹션:인터뷰
  ./search_cli.py --data {shown} --section recommended --since 2024-03 --until 2024-04
  ./search_cli.py --data {shown} show narutech/12
  ./demo again: what is known is not asked for twice
""")


def _wait(site: DemoSite) -> None:
    print(
        f"The server is up: http://www.naruilbo.localhost:{site.port}/newsletter/narutech   Ctrl-C ends it.", flush=True
    )
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Searches the archive, shows it, and moves it, in the project's Python: see `cli_commands.py`."""

import atexit
import gc
import os
import sys
from pathlib import Path
from typing import NoReturn

NEEDED = ("click", "click_default_group", "mecab_ko", "sqlalchemy", "wcwidth", "whoosh")
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"


def has_all_it_needs() -> bool:
    # Here, as the project's own Python is not asked: what it lacks shows when it is loaded.
    from importlib.util import find_spec

    return all(map(find_spec, NEEDED))


def name_the_set_up() -> NoReturn:
    print(f"Error: what this program needs is not installed. Run: {ROOT}/tools/bootstrap", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    if Path(sys.prefix) != VENV and not has_all_it_needs():
        python = VENV / "bin" / "python"
        if not python.exists():
            name_the_set_up()
        os.execv(python, [str(python), *sys.argv])  # noqa: S606  the same program, in the project's Python
    # What a command loads is no garbage, and the system clears it away: to look through it took a seventh of a search.
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)
    # From another file, as Python compiles the one that it is given anew each time.
    try:
        from cli_commands import main

        main()
    except ModuleNotFoundError as e:
        if e.name not in NEEDED:
            raise
        name_the_set_up()

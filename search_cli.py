#!/usr/bin/env python3
"""Searches the archive, shows it, and moves it, in the project's Python: see `cli_commands.py`."""

import atexit
import gc
import os
import sys
from importlib.util import find_spec
from pathlib import Path

NEEDED = ("click", "click_default_group", "mecab_ko", "sqlalchemy", "wcwidth", "whoosh")

if __name__ == "__main__":
    if not all(map(find_spec, NEEDED)):
        venv = Path(__file__).resolve().parent / ".venv"
        python = venv / "bin" / "python"
        if not python.exists() or Path(sys.prefix) == venv:
            told = f"Error: what this program needs is not installed. Run: {venv.parent}/tools/bootstrap"
            print(told, file=sys.stderr)
            sys.exit(2)
        os.execv(python, [str(python), *sys.argv])  # noqa: S606  the same program, in the project's Python
    # What a command loads is no garbage, and the system clears it away: to look through it took a seventh of a search.
    gc.set_threshold(100_000)
    atexit.register(gc.freeze)
    # From another file, as Python compiles the one that it is given anew each time.
    from cli_commands import main

    main()

"""Where everything generated lies: `data/` in the project, or the folder that FACTPL_DATA names."""

import os
import stat
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRIVATE_UMASK = 0o077
SEARCHES = "searches.toml"


def data_dir() -> Path:
    return Path(os.environ.get("FACTPL_DATA") or ROOT / "data").expanduser().absolute()


def store_path() -> Path:
    return data_dir() / "archive.sqlite3"


def index_dir() -> Path:
    return data_dir() / "index"


def settings_files() -> dict[str, Path]:
    """Return what a person wrote and a backup keeps, by the name that it has there."""
    return {"factpl.toml": config_path(), "aliases.toml": ROOT / "aliases.toml", SEARCHES: searches_path()}


def searches_path() -> Path:
    return data_dir() / SEARCHES


def config_path() -> Path:
    return Path(os.environ.get("FACTPL_CONFIG") or ROOT / "factpl.toml")


def warc_dir() -> Path:
    return data_dir() / "warc"


def mail_dir() -> Path:
    return data_dir() / "mail"


def private_folder(folder: Path) -> None:
    """Make *folder* where it is missing, and shut others out of it: an index is pickled code, and mail is private.

    A folder that is not ours alone, as /tmp and a home are not, stays as it is, with a warning.
    """
    import logging  # a search needs none of this, and is to start fast

    logger = logging.getLogger(__name__)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (mode := folder.stat().st_mode) & 0o077:
        return
    warning = f"{folder} is open to others ({stat.filemode(mode)}). Keep the archive in a folder of its own."
    if mode & stat.S_ISVTX or folder.resolve() == Path.home().resolve():
        logger.warning(warning)
        return
    try:
        folder.chmod(0o700)
    except OSError:
        logger.warning(warning)
    else:
        logger.warning("%s was open to others (%s) and is yours alone now.", folder, stat.filemode(mode))


def private_file(path: Path) -> None:
    """Make an empty file where none is, and shut others out of it where that is in our power.

    One that is there is not opened: to close it again would take this process's locks on it away, and with them
    what keeps other processes from clearing away a database's log that is still written to.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDONLY | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        try:
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)
        except OSError:  # who opens it will say what is wrong with it
            return
    except OSError:
        return

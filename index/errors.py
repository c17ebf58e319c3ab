"""What can go wrong with an index; each message names the command that mends it."""


class SearchError(Exception):
    """The search cannot be answered."""


class NoIndexError(SearchError):
    def __init__(self, folder: object) -> None:
        super().__init__(f"No index at {folder}. Run: search_cli.py index")


class IndexBroken(SearchError):  # noqa: N818  # reads as what it says of the index
    def __init__(self, folder: object, reason: object) -> None:
        super().__init__(f"The index at {folder} cannot be read ({reason}). Run: search_cli.py index --rebuild")


class IndexMismatch(SearchError):  # noqa: N818  # reads as what it says of the index
    def __init__(self, folder: object) -> None:
        super().__init__(
            f"The index at {folder} was made by another version of the program or its dictionary. "
            "Run: search_cli.py index --rebuild"
        )


class IndexLocked(SearchError):  # noqa: N818  # reads as what it says of the index
    def __init__(self, folder: object) -> None:
        super().__init__(f"Another process is building the index at {folder}. Wait for it, then try again.")


class WorkerEnded(SearchError):  # noqa: N818  # reads as what it says of the process
    def __init__(self) -> None:
        super().__init__(
            "A process that read documents for the index was ended, perhaps for want of memory. "
            "Free some, then run: search_cli.py index"
        )


class SearchesBroken(SearchError):  # noqa: N818  # reads as what it says of the file
    def __init__(self, file: object, reason: object) -> None:
        super().__init__(f"{file} cannot be read ({reason}). Mend it in an editor")


class AliasesBroken(SearchError):  # noqa: N818  # reads as what it says of the file
    def __init__(self, file: object, reason: object) -> None:
        super().__init__(f"{file} cannot be read ({reason}). Mend it, or search with --no-aliases")

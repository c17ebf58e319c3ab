"""Parses the HTML on its standard input as the crawler would, in a process of its own that may be ended.

Prints how many elements it has, and 1 where the parser left off before its end, else 0.
"""

import resource
import sys

from lxml import etree

SECONDS, BYTES = 5, 1 << 30


def measure(content: bytes, *, huge: bool = True) -> tuple[int, bool]:
    """Return the number of elements and whether the parser left off; *huge* is lxml's `huge_tree`.

    Raise `XMLSyntaxError` where the memory did not suffice; lxml finds no other fault in HTML.
    """
    parser = etree.HTMLParser(recover=True, encoding="utf-8", huge_tree=huge)
    root = etree.fromstring(content, parser)
    cut = any(error.type_name in ("ERR_RESOURCE_LIMIT", "ERR_NO_MEMORY") for error in parser.error_log)
    return 0 if root is None else sum(1 for _ in root.iter()), cut


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    elements, left_off = measure(sys.stdin.buffer.read())
    print(elements, int(left_off))

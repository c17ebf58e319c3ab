"""What a committed file cannot know: the port, and what is derived from an address with a port in it.

`{{PORT}}` is the server's port, `{{B64:…}}` an address in URL-safe base64 without padding (a mailer's
click link), `{{HASH:…}}` the first 16 hexadecimal digits of an address's SHA-256 (an article's id).
"""

import base64
import hashlib
import re

_TOKEN = re.compile(rb"\{\{(B64|HASH):([^{}]+)\}\}")


def expand(content: bytes, port: int) -> bytes:
    """Works on bytes, since a page may be in EUC-KR.

    >>> expand(b"http://x.localhost:{{PORT}}/", 80), expand(b"/click/{{B64:http://x:{{PORT}}/}}", 80)
    (b'http://x.localhost:80/', b'/click/aHR0cDovL3g6ODAv')
    """
    return _TOKEN.sub(_derived, content.replace(b"{{PORT}}", str(port).encode()))


def _derived(match: re.Match[bytes]) -> bytes:
    name, address = match.groups()
    if name == b"B64":
        address = address.replace(b"&amp;", b"&")  # an attribute's escape is none of the address
        return base64.urlsafe_b64encode(address).rstrip(b"=")
    return hashlib.sha256(address).hexdigest()[:16].encode()

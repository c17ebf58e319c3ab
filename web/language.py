"""The words of the pages: Korean in the templates, English beside them in `templates/en.po`."""

import io
from functools import cache
from pathlib import Path

from babel import UnknownLocaleError, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from starlette.requests import Request

TEMPLATES = Path(__file__).parent.parent / "templates"
KOREAN, ENGLISH = "ko", "en"


def language(request: Request) -> str:
    """Return the language that `lang` names, or the browser prefers; Korean where neither does.

    Only what comes before any Korean in Accept-Language counts: who reads Korean reads the archive's language.
    """
    chosen = request.query_params.get("lang") or request.cookies.get("lang")
    preferred = [chosen] if chosen in (KOREAN, ENGLISH) else _accepted(request.headers.get("accept-language", ""))
    try:
        return negotiate_locale(preferred, [KOREAN, ENGLISH], sep="-") or KOREAN
    except (UnknownLocaleError, ValueError):
        return KOREAN


def _accepted(header: str) -> list[str]:
    """Return the languages of *header*, the most wanted first.

    >>> _accepted("en;q=0.5, ko-KR, fr;q=0")
    ['ko-KR', 'en']
    """
    weighted = []
    for number, part in enumerate(header[:500].split(",")):
        name, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        if name and quality > 0:
            weighted.append((-quality, number, name))
    return [name for _, _, name in sorted(weighted)]


@cache
def translations(language: str) -> NullTranslations:
    if language == KOREAN:
        return NullTranslations()
    compiled = io.BytesIO()
    with (TEMPLATES / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language, abort_invalid=True))
    compiled.seek(0)
    return Translations(compiled)

"""The words of the pages: Korean in the templates, English beside them in `templates/en.po`."""

import io
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

from babel import UnknownLocaleError, negotiate_locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from starlette.requests import Request

TEMPLATES = Path(__file__).parent.parent / "templates"
KOREAN, ENGLISH = LANGUAGES = ("ko", "en")


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

    >>> _accepted("EN; q=0.5, ko-KR, fr;q=0")
    ['ko-kr', 'en']
    """
    weighted = []
    for number, part in enumerate(header[:500].lower().split(",")):
        name, _, weight = "".join(part.split()).partition(";q=")
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


@lru_cache(maxsize=2_000)
def spoken_day(iso: str, language: str) -> str:
    """Return the day of a stored date as it is written in *language*.

    >>> spoken_day("2024-03-07T05:00:00+09:00", "ko"), spoken_day("2024-03-07", "en")
    ('2024. 3. 7.', 'Mar 7, 2024')
    """
    return format_date(date.fromisoformat(iso[:10]), "medium", locale=language)

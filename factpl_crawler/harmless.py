"""What was crawled may hold whatever its writer liked: control characters are shown, never obeyed."""

_BIDI = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_C1 = range(0x80, 0xA0)
_SURROGATES = range(0xD800, 0xE000)
# C0 and DEL have pictures of their own (␛); one for one, so that offsets stay true.
_HARMLESS: dict[int, int | str] = {
    **dict.fromkeys((*_C1, *_BIDI, *_SURROGATES), "\ufffd"),
    **{code: 0x2400 + code for code in range(0x20)},
    0x7F: 0x2421,
    ord("\t"): " ",
    ord("\n"): "\n",
}


def harmless(text: str) -> str:
    """Return *text*, as long as before, with nothing that a terminal would obey but the ends of lines.

    >>> harmless("a\\x1b[31mb")
    'a␛[31mb'
    """
    return text.translate(_HARMLESS)


def one_line(text: str) -> str:
    return harmless(text).replace("\n", " ")

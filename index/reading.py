"""How a query is read: with other names beside what was typed and, where nothing was found, as it may have been meant.

What is done here is told in `Reading`; nothing is done to phrases, fields, exclusions and filters.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from index.aliases import MAX_OTHERS, Alias, Aliases
from index.keyboard import is_initials, other_layout
from index.korean import becoming, query_terms, strip_particle, verbs_of, without_particle
from index.query import And, FieldQuery, Or, Phrase, Prefix, Query, Stem, Weighted, Word, all_of, any_of, wanted
from index.schema import TEXTS
from index.spelling import Guess, Vocabulary, is_clear, slips

ALIAS_WEIGHT, FORM_WEIGHT = 0.3, 0.3
# What has more words is searched for without other names, and is not mended.
MAX_EXPANDED, MAX_MENDED = 16, 8
MAX_SUGGESTED = 3
# So many words are a question: where so few documents have them all, those that have most are among the answers.
QUESTION, FEW = 6, 10
# A word that so few documents have is doubted where another, one key away, is in so many times as many. Where none has
# it, nor the dictionary, any other will do.
MAX_DOUBTED, TIMES_LIKELIER = 1, 20
# Compiled when first used, as most searches are spared it.
_SPELLABLE = "[가-힣]{2,12}|[a-z]{4,20}"
_PUT_TOGETHER = "[가-힣]{4,12}|[a-z]{5,24}"
# Most of them are a key away from another word.
_SHORT = "[가-힣]{2}|[a-z]{4}"
_LONGEST_NAME, _SHORTEST_NAME = 4, 3
_RUNS = re.compile(r"[^\W_]+")
# Latin names are written as one word or as several.
_SPELT_APART = r"(?i:[a-z]+(?:[ .&'’-][a-z]+)+)"


class Index(Protocol):
    """What the index can be asked about."""

    vocabulary: Vocabulary

    def knows(self, query: Query) -> bool:
        """Say whether any document has it."""

    def matches(self, query: Query) -> int:
        """Return how many documents have just it, without other names and forms."""

    def count(self, query: Query) -> int:
        """Return how many documents have it that the filters let through."""

    def frequencies(self, words: Iterable[str]) -> Mapping[str, int]:
        """Return how many documents have each of *words* as a word of its own, with particles or without."""

    def noun_frequency(self, word: str) -> int:
        """Return how many documents have *word* among the dictionary's words in them."""


Kind = Literal["literal", "particle", "keyboard", "initials", "prefix", "spacing", "spelling"]


@dataclass(frozen=True)
class Correction:
    """Queries: *typed* found nothing, *used* is what was searched for in its place."""

    kind: Kind
    typed: str
    used: str


class Reading(NamedTuple):
    """`query` is what is searched for. With `optional`, any of those is enough, and `complete` documents have all."""

    query: Query
    correction: Correction | None = None
    optional: tuple[Word | Phrase, ...] = ()
    complete: int = 0
    suggestions: tuple[str, ...] = ()


# --- Other names --------------------------------------------------------------------------------------------------


# Returns what else to look for where a word may be something else, too.
Forms = Callable[[str], list[Word | Phrase]]


def expand(query: Query, aliases: Aliases, forms: Forms = lambda text: []) -> Query:
    """Let every word be found by its other names and forms too."""
    if sum(1 for _ in wanted(query)) > MAX_EXPANDED:
        return query
    return _expanded(query, aliases, forms)


def _expanded(query: Query, aliases: Aliases, forms: Forms) -> Query:
    match query:
        case Word():
            others = [Weighted(form, FORM_WEIGHT) for form in forms(query.text)]
            return any_of([_or_others(query, query.text, aliases), *others])
        case FieldQuery(field, Word(text)) if field in TEXTS:
            others = [Weighted(FieldQuery(field, form), FORM_WEIGHT) for form in _of_field(forms(text))]
            return any_of([_or_others(query, text, aliases), *others])
        case Or(children):
            return any_of([_expanded(child, aliases, forms) for child in children])
        case And(children):
            return And(tuple(_expanded_names(list(children), aliases, forms)))
    return query


def _expanded_names(queries: list[Query], aliases: Aliases, forms: Forms) -> Iterator[Query]:
    """Take words side by side for one name where they are one: 거대 언어 모델."""
    while queries:
        name, query = next(_names(queries, aliases), (queries[:1], None))
        yield query or _expanded(name[0], aliases, forms)
        queries = queries[len(name) :]


def forms_of(text: str, index: Index) -> list[Word | Phrase]:
    """Return what else *text* may be a form of, or else how its own forms are written."""
    return _nouns_of(text, index) or _verbs_of(text, index) or [Phrase(form) for form in becoming(text)]


def _of_field(forms: list[Word | Phrase]) -> list[Word | Phrase]:
    """Return those that can be looked for in one field."""
    return [form for form in forms if not isinstance(form, Stem)]


def _verbs_of(text: str, index: Index) -> list[Word | Phrase]:
    """Return the verb, where documents have *text*, and none as the noun that it would be by itself: 지어."""
    verbs = verbs_of(text)
    is_verb = verbs and not index.noun_frequency(text) and index.matches(Phrase(text))
    return [Word(verb) for verb in verbs] if is_verb else []


def _nouns_of(text: str, index: Index) -> list[Word | Phrase]:
    """Return the noun that *text* is with a particle, where it is read as something else: 학교의, 별카는, 칩은."""
    other = without_particle(text)
    if other is None or other.whole == "noun":
        return []
    if len(other.stem) == 1:
        having, whole = index.noun_frequency(other.stem), index.matches(Word(text))
        is_other = other.whole == "noun or particle"
        is_meant = (having and not whole) or (not is_other and having >= TIMES_LIKELIER * whole > 0)
        return [Word(other.stem)] if is_meant else []
    if other.whole == "noun or particle":
        # As a word of its own alone: 전문의 is a physician, and a 전문가 is none.
        return [Stem(other.stem)] if other.is_noun else []
    is_known = other.is_noun or any(index.frequencies([other.stem]).values())
    return [Word(other.stem)] if other.whole == "mixed" and is_known else []


def _names(queries: list[Query], aliases: Aliases) -> Iterator[tuple[list[Query], Query]]:
    for length in range(min(_LONGEST_NAME, len(queries)), 1, -1):
        words = [query for query in queries[:length] if isinstance(query, Word)]
        if len(words) == length:
            whole = And(tuple(words))
            query = _or_others(whole, " ".join(word.text for word in words), aliases)
            if query != whole:
                yield list(words), query


def _or_others(query: Query, name: str, aliases: Aliases) -> Query:
    others = aliases.others(name) or aliases.others(strip_particle(name))
    if not name.isalpha() and re.fullmatch(_SPELT_APART, name):
        others = ["".join(_RUNS.findall(name)), *others]
    field = query.field if isinstance(query, FieldQuery) else None
    return any_of([query, *(Weighted(_named(other, field), ALIAS_WEIGHT) for other in others)])


def _named(name: str, field: str | None) -> Query:
    values: list[Word | Phrase] = [Word(name)]
    if " " in name:
        # Names are written with spaces and without.
        values = [Phrase(name), Word("".join(name.split()))]
    return any_of([FieldQuery(field, value) if field else value for value in values])


# --- Where nothing was found --------------------------------------------------------------------------------------


def read_again(typed: Query, total: int, index: Index) -> Reading:
    """Read a query that found *total* documents once more, where they are too few."""
    if not total:
        return _read_otherwise(typed, index)
    if total < FEW and _is_question(typed):
        query, optional = relax(typed)
        return Reading(query, optional=optional, complete=total)
    return Reading(typed)


def _is_question(query: Query) -> bool:
    return len(plain_words(query)) >= QUESTION


def _read_otherwise(typed: Query, index: Index) -> Reading:
    query, correction = _mended(typed, index)
    if correction and index.count(query):
        return Reading(query, correction)
    suggestions, is_sure = _suggested(query, index)
    if is_sure:
        return Reading(suggestions[0], Correction("spelling", str(typed), str(suggestions[0])))
    relaxed, optional = relax(query, instead=_children(query) - _children(typed))
    told = tuple(map(str, suggestions))
    if not optional or not index.count(relaxed):
        return Reading(typed, suggestions=told)
    # All the parts of one word may be there, but apart.
    complete = index.count(all_of([relaxed, *optional])) if len(plain_words(query)) == 1 else 0
    return Reading(relaxed, correction, optional, complete, told)


def plain_words(query: Query) -> list[Word]:
    """Return the words that every document must have, and that stand for themselves."""
    children = query.children if isinstance(query, And) else (query,)
    return [child for child in children if isinstance(child, Word)]


def _with(query: Query, word: Word, other: Query) -> Query:
    children = query.children if isinstance(query, And) else (query,)
    return all_of([other if child == word else child for child in children])


def _mended(query: Query, index: Index) -> tuple[Query, Correction | None]:
    """Replace each word that is nowhere, and that other keys or initial consonants explain."""
    words = plain_words(query)
    mended, correction = query, None
    for word in words if len(words) <= MAX_MENDED else ():
        if meant := _meant(word, index):
            mended = _with(mended, word, meant[1])
            correction = Correction(meant[0], str(query), str(mended))
    return mended, correction


def _meant(word: Word, index: Index) -> tuple[Kind, Query] | None:
    if is_initials(word.text) and (names := index.vocabulary.with_initials(word.text, MAX_SUGGESTED)):
        return None if index.knows(word) else ("initials", any_of([Word(name) for name in names]))
    if len(word.text) > 1 and not index.knows(word) and index.knows(literal := Phrase(word.text)):
        return "literal", literal
    if (noun := _with_particle(word, index)) and not index.knows(word):
        return "particle", noun
    others, begun = _in_other_layout(word.text, index), Prefix(word.text)
    apart = _apart(word.text.casefold().replace("·", ""), index)
    if not (others or apart or _is_beginning(word.text)) or index.knows(word):
        return None
    if other := next(filter(index.knows, others), None):
        return "keyboard", other
    if _is_beginning(word.text) and index.knows(begun):
        return "prefix", begun
    return ("spacing", apart) if apart else None


def _with_particle(word: Word, index: Index) -> Word | None:
    """Return the syllable that *word* may be with a particle, were it not a noun itself: 집도."""
    other = without_particle(word.text)
    is_syllable = other and len(other.stem) == 1 and index.noun_frequency(other.stem)
    return Word(other.stem) if other and is_syllable else None


def _apart(text: str, index: Index) -> Phrase | None:
    """Return the two words that *text* is put together of, where a document has them side by side: 미중갈등."""
    if not re.fullmatch(_PUT_TOGETHER, text):
        return None
    splits = [(text[:at], text[at:]) for at in range(2, len(text) - 1)]
    known = index.frequencies({part for split in splits for part in split})
    phrases = (Phrase(" ".join(split)) for split in splits if all(known[part] for part in split))
    return next(filter(index.knows, phrases), None)


def _in_other_layout(text: str, index: Index) -> list[Word]:
    """Return what the same keys type, with the shift that was held and without: telephones hold it by themselves."""
    others = dict.fromkeys(filter(None, (other_layout(text), other_layout(text.lower()))))
    # Any Hangul types some letters, so those have to be a word.
    return [word for word in map(Word, others) if not word.text.isascii() or _is_name(word, index)]


def _is_name(word: Word, index: Index) -> bool:
    return word.text.casefold() in index.vocabulary or (len(word.text) >= _SHORTEST_NAME and index.knows(word))


def _is_beginning(text: str) -> bool:
    """Say whether *text* is found only whole, and so may be the beginning of what was meant."""
    return text.isalpha() and (len(text) == 1 or (text.isascii() and len(text) > 2))


def _suggested(query: Query, index: Index) -> tuple[list[Query], bool]:
    """Return the query with words spelt as in the index, and whether the first of them is sure to be meant."""
    words = plain_words(query)
    if len(words) > MAX_SUGGESTED:
        return [], False
    guesses = {word: _guesses(word.text.casefold(), index.vocabulary) for word in words if not index.knows(word)}
    guessed = [word for word, found in guesses.items() if found]
    for word in guessed[1:]:
        query = _with(query, word, Word(guesses[word][0].word))
    queries = [_with(query, word, Word(guess.word)) for word in guessed[:1] for guess in guesses[word]]
    is_sure = len(words) == 1 and bool(queries) and is_clear(guesses[words[0]]) and bool(index.count(queries[0]))
    return queries, is_sure


def doubted(reading: Reading, typed: Query, index: Index) -> Reading:
    """Return *reading* with suggestions for a word that hardly any document has, though something was found."""
    words = plain_words(typed)
    is_typed = reading.correction is None or reading.correction.kind == "prefix"
    if not is_typed or reading.suggestions or len(words) > MAX_SUGGESTED:
        return reading
    for word in words:
        if likelier := _likelier(word.text.casefold(), index):
            return reading._replace(suggestions=tuple(str(_with(typed, word, Word(one))) for one in likelier))
    return reading


def _likelier(word: str, index: Index) -> list[str]:
    """Return words of the index, one key away from *word*, that so many more documents have."""
    said = query_terms(word, phrase=False).morphemes
    forms = {word, strip_particle(word)}
    base = said[0] if len(said) == 1 else word
    # A syllable seldom stands alone.
    having = index.noun_frequency(base) if len(base) == 1 else max(index.frequencies(forms | {base}).values())
    is_known = having > MAX_DOUBTED or forms_of(word, index) or (base.endswith("다") and index.knows(Word(base)))
    if is_known or not re.fullmatch(_SPELLABLE, word):
        return []
    is_sound = having or base in forms & set(said) or re.fullmatch(_SHORT, word)
    fewest = TIMES_LIKELIER * max(1, having) if is_sound else 1
    found = index.frequencies(set().union(*map(slips, forms)))
    # Not another form of the same word.
    likelier = [one for one, documents in found.items() if documents >= fewest and not _says(one, said)]
    return sorted(likelier, key=lambda one: (-found[one], one))[:MAX_SUGGESTED]


def _says(word: str, morphemes: list[str]) -> bool:
    return bool(morphemes) and query_terms(word, phrase=False).morphemes == morphemes


def _guesses(word: str, vocabulary: Vocabulary) -> list[Guess]:
    # The last syllable of a misspelt name may look like a particle, 엔비디야, or be one.
    guesses = vocabulary.alike(word, MAX_SUGGESTED)
    stem = strip_particle(word)
    return guesses or (vocabulary.alike(stem, MAX_SUGGESTED) if stem != word else [])


def _children(query: Query) -> set[Query]:
    return set(query.children) if isinstance(query, And) else {query}


def relax(query: Query, *, instead: Collection[Query] = ()) -> tuple[Query, tuple[Word | Phrase, ...]]:
    """Return *query* content with any of its plain words, or of the parts of its only one, and those words.

    The phrases of a question are words that somebody quoted, and those that are there *instead* of a word are words.
    """
    children = query.children if isinstance(query, And) else (query,)
    is_question = _is_question(query)
    parts: list[Word | Phrase] = []
    rest: list[Query] = []
    for child in children:
        if isinstance(child, Word) or (isinstance(child, Phrase) and (is_question or child in instead)):
            parts.append(child)
        else:
            rest.append(child)
    if len(parts) == 1 and isinstance(only := parts[0], Word):
        parts = [*_parts(only)]
    return (all_of([any_of([*parts]), *rest]), tuple(parts)) if len(parts) > 1 else (query, ())


def _parts(word: Word) -> list[Word]:
    """Return the words that signs join, or those of the dictionary that a word is put together of."""
    if any(map(str.isdigit, word.text)):
        # A number without its unit is another number.
        return []
    runs = _RUNS.findall(word.text)
    texts = runs if len(runs) > 1 else query_terms(word.text, phrase=False).morphemes
    # Of one syllable, a verb that was not typed is a guess.
    return [Word(text) for text in dict.fromkeys(texts) if len(text) > 2 or text in word.text.casefold()]


# --- Explanation --------------------------------------------------------------------------------------------------


def explained(query: Query, aliases: Aliases, forms: Forms) -> list[str]:
    """Say of each word what is looked for."""
    notes: list[str] = []
    for field, value in wanted(query):
        if field in (None, *TEXTS) and isinstance(value, Word):
            notes.append(_terms_of(value))
            others = forms(value.text) if field is None else _of_field(forms(value.text))
            notes += [_form_of(value, form) for form in others]
            notes += [f"{value}: alias {_names_of(alias)}" for alias in aliases.of(value.text)[:MAX_OTHERS]]
    return list(dict.fromkeys(notes))


def _terms_of(word: Word) -> str:
    terms = query_terms(word.text, phrase=False)
    other_forms = " or ".join(" + ".join(reading) for reading in terms.readings)
    other_form = f"; in another form {other_forms}" if other_forms else ""
    return f"{word}: as typed {'·'.join(terms.literal)}{other_form}"


def _form_of(word: Word, other: Word | Phrase) -> str:
    return f"{word}: {'perhaps a form of' if isinstance(other, Word | Stem) else 'also as'} {other}"


def _names_of(alias: Alias) -> str:
    origin = "aliases.toml" if alias.source == "file" else f"learnt, documents: {alias.documents}"
    return f"{' = '.join(alias.names)} ({origin})"

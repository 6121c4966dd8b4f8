"""iostat's grammar: hosts, then INTERVAL, then COUNT."""

import pytest

from hoststat import grammar
from hoststat.errors import Usage
from hoststat.grammar import Asked


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ((), Asked((), None, 1)),
        (("1",), Asked((), 1, None)),
        (("1", "30"), Asked((), 1, 30)),
        (("web-1",), Asked(("web-1",), None, 1)),
        (("web-1", "5"), Asked(("web-1",), 5, None)),
        (("web-*", "db-1", "5", "12"), Asked(("web-*", "db-1"), 5, 12)),
        (("?", "1", "2"), Asked(("?",), 1, 2)),
    ],
)
def test_words_are_read_as_iostat_reads_them(words: tuple[str, ...], asked: Asked) -> None:
    assert grammar.read(words) == asked


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("1", "web-1"), "Hosts come first, then INTERVAL and COUNT."),
        (("web-1", "1", "2", "3"), "INTERVAL and COUNT are two numbers, not 3."),
        (("1.5",), "INTERVAL and COUNT are whole numbers of at least 1, not 1.5."),
        (("web-1", "٣"), "INTERVAL and COUNT are whole numbers of at least 1, not ٣."),
        (("0", "3"), "INTERVAL and COUNT are whole numbers of at least 1, not 0."),
    ],
)
def test_what_cannot_be_read_is_one_sentence(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(Usage) as wrong:
        grammar.read(words)
    assert str(wrong.value) == said


@pytest.mark.parametrize(
    ("hosts", "several"),
    [((), False), (("web-1",), False), (("web-*",), True), (("db-?",), True), (("a", "b"), True)],
)
def test_a_pattern_or_several_names_are_several_hosts(
    hosts: tuple[str, ...], several: bool
) -> None:
    assert Asked(hosts, 1, 1).several is several

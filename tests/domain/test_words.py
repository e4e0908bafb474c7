from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.words import WordList, plain


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("今天赌博明天发票", ["赌博", "发票"]),
        ("赌 博", ["赌博"]), ("赌\u200b博", ["赌博"]), ("赌.博!", ["赌博"]),
        ("【赌】（博）", ["赌博"]), ("赌_博", ["赌博"]),
        ("加ＶＸ", ["VX"]), ("加vx", ["VX"]), ("v-x", ["VX"]),
        ("发票发票", ["发票"]), ("代开发票", ["发票", "代开发票"]),
        ("正常通知", []), ("", []), ("赌", []),
    ],
)  # fmt: skip
def test_words_are_found_however_they_are_dressed(text: str, found: list[str]) -> None:
    assert sorted(WordList(["赌博", " 发票 ", "VX", "代开发票", "", "…", "vx"]).find(text)) == sorted(found)


def test_an_empty_list_finds_nothing() -> None:
    assert WordList([]).find("赌博") == []
    assert len(WordList(["", " ", "a", "A"])) == 1


@given(st.lists(st.text(max_size=4), max_size=8), st.text(max_size=30))
def test_it_agrees_with_looking_for_each_word(words: list[str], text: str) -> None:
    expected = {plain(word) for word in words if plain(word) and plain(word) in plain(text)}
    assert {plain(word) for word in WordList(words).find(text)} == expected

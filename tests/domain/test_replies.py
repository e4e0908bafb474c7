from __future__ import annotations

import pytest

from app.domain.replies import is_refusal


@pytest.mark.parametrize(
    "content",
    [
        "T",
        "t",
        "TD",
        "td",
        "Td",
        "退订",
        " T ",
        "T。",
        "“T”",
        "'td'",
        "Ｔ",
        "ｔｄ",
        "【退订】",
        "退订！！",
        "\u200bT",
        "T\n",
        "(T)",
    ],
)
def test_these_always_refuse(content: str) -> None:
    assert is_refusal(content, after_promotion=False)
    assert is_refusal(content, after_promotion=True)


@pytest.mark.parametrize("content", ["R", "r", "N", "n", "Ｒ", "“R”", " n. ", "\ufeffR", "「Ｎ」"])
def test_r_and_n_refuse_only_after_a_promotion(content: str) -> None:
    assert is_refusal(content, after_promotion=True)
    assert not is_refusal(content, after_promotion=False)


@pytest.mark.parametrize(
    "content", ["回复R", "R回复", "TT", "T D", "我要退订", "退订吗", "", " ", "。", "好的", "NO", "1", "RT"]
)
def test_other_replies_do_not(content: str) -> None:
    assert not is_refusal(content, after_promotion=True)

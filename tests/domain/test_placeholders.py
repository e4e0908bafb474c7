from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Refused
from app.domain.placeholders import (
    VARIABLE_REASONS,
    Wording,
    check_variable,
    find_names,
    fit,
    has_link,
    variable_reason,
)

values = st.text(alphabet="abc甲乙1 %$", min_size=1, max_size=35).filter(lambda value: not value.isspace())


def test_names_are_found_in_order() -> None:
    assert find_names("您好${name}，验证码${code}，${name}") == ["name", "code", "name"]
    assert find_names("无 $name {x} ${") == []


@pytest.mark.parametrize(
    ("content", "variables", "text"),
    [
        ("无变量 100%", {}, "无变量 100%"),
        ("${a}", {"a": "1"}, "1"),
        ("您好${name}，打${n}%折", {"name": "张三", "n": "85"}, "您好张三，打85%折"),
        ("${a}和${b}和${a}", {"b": "2", "a": "1", "c": "3"}, "1和2和1"),
        ("%s %(x)s ${a}", {"a": "%s ${a}"}, "%s %(x)s %s ${a}"),
        ("${x-y)s}", {"x-y)s": "v"}, "v"),
    ],
)
def test_rendering_fills_every_variable(content: str, variables: dict[str, str], text: str) -> None:
    wording = Wording(content)
    assert wording.render(variables) == text
    assert wording.fill([variables[name] for name in wording.names]) == text


def test_a_missing_value_is_refused_by_name() -> None:
    with pytest.raises(Refused) as refusal:
        Wording("${a}，${b}，${c}").render({"b": "1"})
    assert refusal.value.code == "missing_variable"
    assert refusal.value.reasons[0].values == {"names": "a, c"}


@given(st.text(), values)
def test_rendering_is_replacement(content: str, value: str) -> None:
    names = find_names(content)
    expected = content
    for name in names:
        expected = expected.replace("${" + name + "}", "\0")
    assert Wording(content).render(dict.fromkeys(names, value)) == expected.replace("\0", value if names else "\0")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("张三", None), ("字" * 35, None), ("3.5元", None), ("12:30", None), ("a.b", None), ("12.50", None),
        ("截止：今天。", None), ("V1.0.2", None),
        ("", "variable_empty"), ("  ", "variable_empty"), ("字" * 36, "variable_long"),
        ("http://a", "variable_link"), ("见t.cn/x", "variable_link"), ("www.abc", "variable_link"),
        ("example.com", "variable_link"), ("example．com", "variable_link"), ("HTTPS://X", "variable_link"),
        ("a。cn", "variable_link"),
    ],
)  # fmt: skip
def test_values_are_checked_as_the_provider_does(value: str, code: str | None) -> None:
    assert check_variable(value) == code
    if code:
        assert str(variable_reason(code)) == VARIABLE_REASONS[code]


def test_links_are_told_from_decimals() -> None:
    assert has_link("打开 https://example.org/a") and has_link("详见aliyun.com。")
    assert not has_link("共3.50元。comfortable") and not has_link("v2.0 已发布")


@pytest.mark.parametrize(
    ("content", "text", "variables"),
    [
        ("您好", "您好", {}),
        ("您好", "您好！", None),
        ("您好${name}，欢迎", "您好张三，欢迎", {"name": "张三"}),
        ("您好${name}，欢迎", "您好，欢迎", None),
        ("${a}-${b}", "1-2-3", {"a": "1", "b": "2-3"}),
        ("${a}，${b}。", "x，y，z。", {"a": "x", "b": "y，z"}),
        ("码${code}", "码" + "1" * 35, {"code": "1" * 35}),
        ("码${code}", "码" + "1" * 36, None),
        ("码${code}", "码http://x", None),
        ("${a}和${a}", "1和1", {"a": "1"}),
        ("${a}和${a}", "1和2", None),
        ("头${a}尾", "头尾", None),
        ("aa${x}aa", "aaa", None),
    ],
)
def test_a_text_is_matched_to_its_template(content: str, text: str, variables: dict[str, str] | None) -> None:
    assert fit(content, text) == variables


@given(st.lists(values, min_size=1, max_size=5))
def test_what_was_rendered_fits_again(filled: list[str]) -> None:
    content = "头" + "、".join(f"${{v{n}}}" for n in range(len(filled))) + "尾"
    text = Wording(content).fill(filled)
    found = fit(content, text)
    assert found is not None and Wording(content).render(found) == text


def test_fitting_a_hostile_text_ends() -> None:
    """Tried one way after the other it would outlast any time limit."""
    content = "x" + "a".join(f"${{v{n}}}" for n in range(60)) + "y"
    assert fit(content, "x" + "a" * 500 + "z") is None
    assert fit(content, "x" + "a" * 500 + "zy") is not None
    assert fit(content, "x" + "a" * 100 + "y") is None

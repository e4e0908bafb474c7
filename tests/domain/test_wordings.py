from __future__ import annotations

import pytest

from app.domain.wordings import check_wording


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("您的验证码是${code}，5分钟内有效。", "verification"),
        ("您好${name}，您的快递${number}已到。", "notice"),
        ("详情见 https://example.com/a", "notice"),
        ("会员日全场八折，${name}等你来，拒收请回复R", "promotion"),
        ("随便什么都行", "general"),
        ("字" * 500, "notice"),
    ],
)
def test_a_proper_wording_has_no_reasons(content: str, kind: str) -> None:
    assert check_wording(content, kind) == []


@pytest.mark.parametrize(
    ("content", "kind", "codes"),
    [
        ("", "notice", {"wording_empty"}),
        ("字" * 501, "notice", {"wording_long"}),
        ("😀" * 251, "notice", {"wording_long"}),
        ("您好${1name}", "notice", {"variable_name"}),
        ("您好${姓名}", "notice", {"variable_name"}),
        ("您好${name", "notice", {"variable_name"}),
        ("您好${}", "notice", {"variable_name"}),
        ("${a}和${a}", "notice", {"variable_repeated"}),
        ("您好${a}${b}", "notice", {"variables_adjacent"}),
        ("您好${a} ${b}", "notice", {"variables_adjacent"}),
        ("${a}，", "notice", {"variables_only"}),
        ("新品上市全场八折", "promotion", {"promotion_refusal_line"}),
        ("新品上市全场八折，拒收请回复R。", "promotion", {"promotion_refusal_line"}),
        ("${a}优惠，拒收请回复R", "promotion", {"promotion_fixed_text"}),
        ("您的口令是${code}", "verification", {"verification_word"}),
        ("验证码${code}，见 t.cn/a", "verification", {"verification_link"}),
        ("验证码${code}，电话400-123-4567", "verification", {"verification_contact"}),
        ("验证码${code}，拒收请回复R", "verification", {"verification_unsubscribe"}),
        ("您的快递已到，拒收请回复R", "notice", {"notice_refusal_line"}),
        ("${a}${b}${a}", "verification",
         {"variable_repeated", "variables_adjacent", "variables_only", "verification_word"}),
    ],
)  # fmt: skip
def test_all_reasons_are_told_together(content: str, kind: str, codes: set[str]) -> None:
    reasons = check_wording(content, kind)
    assert {reason.code for reason in reasons} == codes
    assert all(str(reason) for reason in reasons)


def test_an_unknown_kind_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="marketing"):
        check_wording("您好", "marketing")

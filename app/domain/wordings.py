"""The provider's rules for the content of a template, by its kind, told all together."""

from __future__ import annotations

import re

from app.domain.errors import N_, Reason
from app.domain.placeholders import find_names, has_link
from app.domain.segments import MAX_CHARACTERS, text_length

KINDS = ("general", "notice", "verification", "promotion")

REFUSAL_LINE = "拒收请回复R"
VERIFICATION_WORDS = ("验证码", "注册码", "校验码", "动态码")
MIN_FIXED_IN_PROMOTION = 6
"""A promotion "almost empty of fixed text" is turned down at review; this many characters are asked for here."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_WHOLE = re.compile(r"\$\{[^${}]*\}")
_CONTACT = re.compile(r"(?<![0-9])(?:1[3-9][0-9]{9}|[48]00-?[0-9]{3}-?[0-9]{4})(?![0-9])")
_UNSUBSCRIBE = re.compile(r"拒收|退订")


def check_wording(content: str, kind: str) -> list[Reason]:
    """Everything that would have a template of `kind` (one of KINDS) turned down; an empty list when it may be sent in.

    Raises ValueError for an unknown kind. Source: the provider's rules for template contents.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of template: {kind!r}")
    if not content.strip():
        return [Reason("wording_empty", N_("The content is empty."))]
    reasons = _check_length(content) + _check_variables(content)
    if kind == "promotion":
        reasons += _check_promotion(content)
    elif kind == "verification":
        reasons += _check_verification(content)
    elif kind == "notice" and REFUSAL_LINE in content:
        reasons.append(
            Reason("notice_refusal_line", N_("A notice must not contain “%(line)s”."), {"line": REFUSAL_LINE})
        )
    return reasons


def _check_length(content: str) -> list[Reason]:
    length = text_length(content)
    if length <= MAX_CHARACTERS:
        return []
    sentence = N_("The content has %(length)s characters; at most %(limit)s are possible.")
    return [Reason("wording_long", sentence, {"length": length, "limit": MAX_CHARACTERS})]


def _fixed_text(content: str) -> str:
    return re.sub(r"[\W_]+", "", _WHOLE.sub("", content))


def _check_variables(content: str) -> list[Reason]:
    names = find_names(content)
    reasons = []
    broken = [name for name in names if not _NAME.fullmatch(name)]
    if broken or "${" in _WHOLE.sub("", content):
        sentence = N_("A variable is written ${name}: a letter first, then letters, digits or underscores.")
        reasons.append(Reason("variable_name", sentence))
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        sentence = N_("Each variable may stand only once; these stand more often: %(names)s.")
        reasons.append(Reason("variable_repeated", sentence, {"names": ", ".join(repeated)}))
    if re.search(r"\$\{[^${}]*\}\s*\$\{", content):
        reasons.append(Reason("variables_adjacent", N_("Put some text between two variables that follow each other.")))
    if names and not _fixed_text(content):
        reasons.append(Reason("variables_only", N_("The content needs text of its own besides its variables.")))
    return reasons


def _check_promotion(content: str) -> list[Reason]:
    reasons = []
    if not content.endswith(REFUSAL_LINE):
        reasons.append(
            Reason("promotion_refusal_line", N_("A promotion must end with “%(line)s”."), {"line": REFUSAL_LINE})
        )
    if len(_fixed_text(content.removesuffix(REFUSAL_LINE))) < MIN_FIXED_IN_PROMOTION:
        sentence = N_("A promotion needs at least %(count)s characters of fixed text before its last line.")
        reasons.append(Reason("promotion_fixed_text", sentence, {"count": MIN_FIXED_IN_PROMOTION}))
    return reasons


def _check_verification(content: str) -> list[Reason]:
    reasons = []
    if not any(word in content for word in VERIFICATION_WORDS):
        sentence = N_("A verification text must contain one of these words: %(words)s.")
        reasons.append(Reason("verification_word", sentence, {"words": "、".join(VERIFICATION_WORDS)}))
    if has_link(content):
        reasons.append(Reason("verification_link", N_("A verification text must not contain a web address.")))
    if _CONTACT.search(content):
        reasons.append(Reason("verification_contact", N_("A verification text must not contain a phone number.")))
    if _UNSUBSCRIBE.search(content):
        sentence = N_("A verification text must not speak of unsubscribing.")
        reasons.append(Reason("verification_unsubscribe", sentence))
    return reasons

"""The four types of message and which of them draws on which grant."""

from __future__ import annotations

import enum


class MessageType(enum.StrEnum):
    """通用 general (of a grant only), 通知 notice, 验证码 verification, 推广 promotion."""

    GENERAL = "general"
    NOTICE = "notice"
    VERIFICATION = "verification"
    PROMOTION = "promotion"


def payable_by(kind: MessageType) -> tuple[MessageType, ...]:
    """The types of grant that pay for a message, in the order in which they are used up."""
    return (kind,) if kind is MessageType.GENERAL else (kind, MessageType.GENERAL)

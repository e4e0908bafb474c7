"""Aliyun's message service (Dysmsapi 2017-05-25) spoken with its official SDKs."""

from app.gateways.aliyun.client import AliyunSms
from app.gateways.aliyun.codes import explain, explain_delivery, judge, limit_window
from app.gateways.aliyun.queues import AliyunQueue
from app.gateways.aliyun.reports import Unreadable, parse_body, parse_receipt, parse_reply, sort_body, what_is_odd

__all__ = [
    "AliyunQueue",
    "AliyunSms",
    "Unreadable",
    "explain",
    "explain_delivery",
    "judge",
    "limit_window",
    "parse_body",
    "parse_receipt",
    "parse_reply",
    "sort_body",
    "what_is_odd",
]

"""Which code means what for the messages of a call."""

from __future__ import annotations

import pytest

from app.gateways.aliyun.codes import CODES, DELIVERY_CODES, explain, explain_delivery, judge, limit_window
from app.gateways.sms import Outcome


def _words(text: str) -> list[str]:
    return text.split()


ACCOUNT = _words("""
isv.AMOUNT_NOT_ENOUGH isv.OUT_OF_SERVICE isv.ACCOUNT_NOT_EXISTS isv.ACCOUNT_ABNORMAL isv.PRODUCT_UN_SUBSCRIPT
isv.PRODUCT_UNSUBSCRIBE isp.RAM_PERMISSION_DENY isv.DAY_LIMIT_CONTROL isv.MONTH_LIMIT_CONTROL
InvalidAccessKeyId.NotFound InvalidAccessKeyId.Inactive InvalidAccessKeyId.Other SignatureDoesNotMatch
isv.DENY_IP_RANGE InvalidTimeStamp.Expired InvalidAction.NotFound InvalidVersion
""")
PERMANENT = _words("""
isv.SMS_SIGNATURE_SCENE_ILLEGAL isv.SMS_SIGNATURE_ILLEGAL isv.SMS_SIGN_ILLEGAL isv.SIGN_NAME_ILLEGAL
isv.SIGN_STATE_ILLEGAL isv.SMS_TEMPLATE_ILLEGAL isv.EXTEND_CODE_ERROR
""")
VARIABLES = _words("""
isv.TEMPLATE_MISSING_PARAMETERS isv.TEMPLATE_PARAMS_ILLEGAL isv.INVALID_JSON_PARAM isv.PARAM_LENGTH_LIMIT
isv.PARAM_NOT_SUPPORT_URL isv.SMS_CONTENT_ILLEGAL isv.UNSUPPORTED_CONTENT isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE
""")
NUMBER = _words("""
isv.BUSINESS_LIMIT_CONTROL isv.MOBILE_NUMBER_ILLEGAL isv.MOBILE_COUNT_OVER_LIMIT isv.CUSTOMER_REFUSED
isv.DOMESTIC_NUMBER_NOT_SUPPORTED isv.BLACK_KEY_CONTROL_LIMIT isv.INVALID_PARAMETERS isv.SOMETHING_NEW
""")
TRANSIENT = ["Throttling", "Throttling.User", "Throttling.Api"]
UNKNOWN = [
    "isp.SYSTEM_ERROR",
    "isp.GATEWAY_ERROR",
    "isp.SOMETHING_NEW",
    "SignatureNonceUsed",
    "ServiceUnavailable",
    "InternalError",
    "Hm",
    "",
]


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        (ACCOUNT, Outcome.ACCOUNT),
        (PERMANENT, Outcome.PERMANENT),
        (VARIABLES + NUMBER, Outcome.SUSPECT),
        (TRANSIENT, Outcome.TRANSIENT),
        (UNKNOWN, Outcome.UNKNOWN),
    ],
)
def test_the_outcome_of_each_code(codes, outcome):
    assert {code: judge(code) for code in codes} == dict.fromkeys(codes, outcome)


def test_splitting_a_shared_text_finds_no_fault_of_its_variables():
    assert {judge(code, personal=False) for code in VARIABLES} == {Outcome.PERMANENT}
    assert {judge(code, personal=False) for code in NUMBER} == {Outcome.SUSPECT}


def test_no_isp_code_and_no_stranger_is_ever_called_not_taken():
    for code in ("isp.X", "Forbidden", "NewThing.Sub", "ISV.LOOKS_LIKE", "http_418"):
        assert judge(code) is Outcome.UNKNOWN


def test_every_code_has_a_meaning_and_someone_or_nobody_to_act():
    for name, code in CODES.items():
        assert code.code == name and code.meaning and code.acts
    assert explain("isv.AMOUNT_NOT_ENOUGH").acts == "reseller"
    assert explain("isv.CUSTOMER_REFUSED").acts == "recipient"
    assert explain("isv.SOMETHING_NEW").code == "isv.SOMETHING_NEW"


def test_delivery_codes_are_an_open_set():
    assert DELIVERY_CODES["DELIVERED"].acts == "nobody"
    assert explain_delivery("MK:0001").meaning == "The number does not exist"
    assert explain_delivery("XX:1234").code == "XX:1234"


@pytest.mark.parametrize(
    ("message", "window"),
    [
        ("触发分钟级流控Permits:1", "minute"),
        ("触发小时级流控Permits:5", "hour"),
        ("触发天级流控Permits:10", "day"),
        ("触发号码天级流控Permits:40", "day"),
        ("business limit control", None),
        ("", None),
    ],
)
def test_the_window_a_frequency_limit_names(message, window):
    assert limit_window(message) == window

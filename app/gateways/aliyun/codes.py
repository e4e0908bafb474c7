"""What Aliyun's codes mean for the messages of a call, in our words, and who must act on them.

Source: Aliyun's help pages on the error codes of SendSms and SendBatchSms, and on the fields of
delivery receipts. The set is open: `judge` has a safe answer for codes not listed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.domain.errors import N_
from app.gateways.sms import Outcome

Actor = Literal["customer", "reseller", "recipient", "provider", "nobody"]
Window = Literal["minute", "hour", "day"]


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a refused call. `meaning` is a msgid; `shared` is the outcome where the
    variables are alike for the whole call, so that splitting it could find nothing."""

    code: str
    outcome: Outcome
    meaning: str
    acts: Actor
    shared: Outcome | None = None


@dataclass(frozen=True, slots=True)
class DeliveryCode:
    """One err_code of a delivery receipt. `meaning` is a msgid. Whether it was delivered is
    the receipt's own `success`, never this code."""

    code: str
    meaning: str
    acts: Actor


_ASKED = N_("The provider had an error; it is being asked what became of it")


def _group(
    outcome: Outcome, acts: Actor, meanings: dict[str, str], *, shared: Outcome | None = None
) -> dict[str, Code]:
    return {code: Code(code, outcome, meaning, acts, shared) for code, meaning in meanings.items()}


# One recipient's number.
_OF_A_NUMBER = {
    **_group(
        Outcome.SUSPECT,
        "customer",
        {
            "isv.MOBILE_NUMBER_ILLEGAL": N_("The number is not a valid mobile number"),
            "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": N_("An international template cannot reach a mainland number"),
            "isv.BLACK_KEY_CONTROL_LIMIT": N_("A variable or the number is on the provider's blacklist"),
            "isv.INVALID_PARAMETERS": N_("A parameter is malformed"),
        },
    ),
    **_group(
        Outcome.SUSPECT,
        "nobody",
        {"isv.BUSINESS_LIMIT_CONTROL": N_("Too many messages to this number in a short time")},
    ),
    **_group(Outcome.SUSPECT, "recipient", {"isv.CUSTOMER_REFUSED": N_("The recipient has unsubscribed")}),
    **_group(Outcome.SUSPECT, "reseller", {"isv.MOBILE_COUNT_OVER_LIMIT": N_("Too many numbers in one call")}),
}

# The variables: one recipient's in a personal call, everybody's in a shared one.
_OF_THE_VARIABLES = _group(
    Outcome.SUSPECT,
    "customer",
    {
        "isv.TEMPLATE_MISSING_PARAMETERS": N_("A variable of the template is missing"),
        "isv.TEMPLATE_PARAMS_ILLEGAL": N_("A variable does not fit what its template declares"),
        "isv.INVALID_JSON_PARAM": N_("The variables are not valid JSON with text values"),
        "isv.PARAM_LENGTH_LIMIT": N_("A variable is too long"),
        "isv.PARAM_NOT_SUPPORT_URL": N_("A variable contains a web address"),
        "isv.SMS_CONTENT_ILLEGAL": N_("The text contains forbidden content"),
        "isv.UNSUPPORTED_CONTENT": N_("The text contains characters that cannot be sent, such as emoji"),
        "isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE": N_("The text does not fit the type of its template"),
    },
    shared=Outcome.PERMANENT,
)

# The signature or the template: nobody can be sent so.
_OF_THE_TEXT = {
    **_group(
        Outcome.PERMANENT,
        "customer",
        {"isv.SMS_SIGNATURE_SCENE_ILLEGAL": N_("The signature does not carry this type of template")},
    ),
    **_group(
        Outcome.PERMANENT,
        "reseller",
        {
            "isv.SMS_SIGNATURE_ILLEGAL": N_("The signature does not exist or is not approved"),
            "isv.SMS_SIGN_ILLEGAL": N_("The signature is banned"),
            "isv.SIGN_NAME_ILLEGAL": N_("The signature is malformed"),
            "isv.SIGN_STATE_ILLEGAL": N_("The signature cannot be used at present"),
            "isv.SMS_TEMPLATE_ILLEGAL": N_("The template does not exist or is not approved"),
            "isv.EXTEND_CODE_ERROR": N_("One extension code is used for several signatures"),
        },
    ),
}

# The account, the key or the way to the provider: nothing goes through until someone acts.
_OF_THE_ACCOUNT = _group(
    Outcome.ACCOUNT,
    "reseller",
    {
        "isv.AMOUNT_NOT_ENOUGH": N_("The provider account is out of money"),
        "isv.OUT_OF_SERVICE": N_("The provider account is suspended for arrears"),
        "isv.ACCOUNT_NOT_EXISTS": N_("The provider account does not exist"),
        "isv.ACCOUNT_ABNORMAL": N_("The provider account is in an abnormal state"),
        "isv.PRODUCT_UN_SUBSCRIPT": N_("The provider account has not opened the message service"),
        "isv.PRODUCT_UNSUBSCRIBE": N_("The provider account has closed the message service"),
        "isv.DAY_LIMIT_CONTROL": N_("The daily limit set at the provider is reached"),
        "isv.MONTH_LIMIT_CONTROL": N_("The monthly limit set at the provider is reached"),
        "isv.DENY_IP_RANGE": N_("The provider does not take calls from this server's address"),
        "isp.RAM_PERMISSION_DENY": N_("The access key lacks the right to send messages"),
        "InvalidAccessKeyId": N_("The access key is not valid"),
        "InvalidAccessKeyId.NotFound": N_("The access key does not exist"),
        "InvalidAccessKeyId.Inactive": N_("The access key is switched off"),
        "SignatureDoesNotMatch": N_("The access key's secret is wrong"),
        "IncompleteSignature": N_("The access key's secret is wrong"),
        "InvalidTimeStamp.Expired": N_("This server's clock is wrong"),
        "InvalidAction.NotFound": N_("The provider's address does not offer this service"),
        "InvalidVersion": N_("The provider's address does not offer this service"),
    },
)

_FOR_THE_MOMENT = _group(
    Outcome.TRANSIENT,
    "nobody",
    {
        "Throttling": N_("Too many calls a second; trying again"),
        "Throttling.User": N_("Too many calls a second; trying again"),
        "unreachable": N_("The provider cannot be reached"),
    },
)

# A nonce is random and used once, so one "used already" means that the same request arrived twice, and the first of
# the two may have been taken. The last three are our own words for what no answer, or no legible one, tells.
_PERHAPS_TAKEN = _group(
    Outcome.UNKNOWN,
    "provider",
    {
        "isp.SYSTEM_ERROR": _ASKED,
        "isp.GATEWAY_ERROR": _ASKED,
        "ServiceUnavailable": _ASKED,
        "InternalError": _ASKED,
        "SignatureNonceUsed": N_("The call arrived twice; the provider is being asked what became of it"),
        "timeout": N_("The provider did not answer in time"),
        "broken": N_("The connection to the provider broke"),
        "unreadable": N_("The provider's answer could not be read"),
    },
)

CODES: dict[str, Code] = {
    **_OF_A_NUMBER,
    **_OF_THE_VARIABLES,
    **_OF_THE_TEXT,
    **_OF_THE_ACCOUNT,
    **_FOR_THE_MOMENT,
    **_PERHAPS_TAKEN,
}

# Families of codes: the part before the last dot varies with the cause, the outcome does not.
_FAMILIES: tuple[tuple[str, str], ...] = (
    ("InvalidAccessKeyId", "InvalidAccessKeyId"),
    ("InvalidTimeStamp", "InvalidTimeStamp.Expired"),
    ("Throttling", "Throttling"),
    ("InvalidAction", "InvalidAction.NotFound"),
    ("InvalidVersion", "InvalidVersion"),
)

_DELIVERY = (
    DeliveryCode("DELIVERED", N_("Delivered"), "nobody"),
    DeliveryCode("MOBILE_SEND_LIMIT", N_("Too many messages to this number in a short time"), "nobody"),
    DeliveryCode("MOBILE_IN_BLACK", N_("The number is on the carrier's blacklist"), "recipient"),
    DeliveryCode("MOBILE_NOT_ON_SERVICE", N_("The number is not in service or its phone is off"), "recipient"),
    DeliveryCode("INVALID_NUMBER", N_("The number is not a valid mobile number"), "customer"),
    DeliveryCode("CONTENT_KEYWORD", N_("The text contains forbidden content"), "customer"),
    DeliveryCode("IS_CLOSE", N_("The channel to the carrier is closed"), "reseller"),
    DeliveryCode("MK:0001", N_("The number does not exist"), "customer"),
    DeliveryCode("UNDELIV", N_("The carrier could not deliver it"), "recipient"),
    DeliveryCode("REJECTD", N_("The carrier refused it"), "reseller"),
    DeliveryCode("EXPIRED", N_("The carrier gave up: the phone was off or out of reach"), "recipient"),
    DeliveryCode("UNKNOWN", N_("The carrier does not know what became of it"), "provider"),
)

DELIVERY_CODES: dict[str, DeliveryCode] = {code.code: code for code in _DELIVERY}


def explain(code: str) -> Code:
    """The meaning of a refused call's code; a safe reading where the code is not known.

    Every isv.* code is a refusal by documentation, perhaps one recipient's fault; of anything
    else it cannot be said that the messages were not taken.
    """
    if known := CODES.get(code):
        return known
    for family, model in _FAMILIES:
        if code.startswith(family + "."):
            like = CODES[model]
            return Code(code, like.outcome, like.meaning, like.acts)
    if code.startswith("isv."):
        return Code(
            code, Outcome.SUSPECT, N_("The provider refused it for a reason that is not documented"), "reseller"
        )
    return Code(code, Outcome.UNKNOWN, N_("The provider answered with a code that is not documented"), "provider")


def judge(code: str, *, personal: bool = True) -> Outcome:
    """What a call refused with `code` means for its messages. Each recipient of a `personal` call has own variables."""
    known = explain(code)
    return known.outcome if personal or known.shared is None else known.shared


def explain_delivery(err_code: str) -> DeliveryCode:
    """The meaning of a receipt's err_code. Carriers' raw codes are an open set and are shown as they are."""
    if known := DELIVERY_CODES.get(err_code):
        return known
    return DeliveryCode(err_code, N_("The carrier reported a code of its own"), "provider")


def limit_window(message: str) -> Window | None:
    """The natural window (Shanghai time) that isv.BUSINESS_LIMIT_CONTROL names in its message, None if it names none.

    The message reads like 触发小时级流控Permits:5.
    """
    if "分钟级" in message:
        return "minute"
    if "小时级" in message:
        return "hour"
    if "天级" in message:
        return "day"
    return None

"""Sending through Aliyun and asking it what became of a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions

from app.gateways.aliyun.codes import judge
from app.gateways.aliyun.failures import failure_of, short_words
from app.gateways.aliyun.forms import FORM, json_form, json_text
from app.gateways.aliyun.reports import beijing
from app.gateways.aliyun.transport import configure, ensure_session
from app.gateways.sms import Credentials, Outcome, SendDetail, SmsError

MOST_PHONES = 1000  # of one SendSms
MOST_PERSONAL = 100  # of one SendBatchSms
LONGEST_OUT_ID = 255
_PAGE = 50
_MOST_PAGES = 20
_DELIVERED = {1: None, 2: False, 3: True}  # SendStatus: awaits the carrier, failed, delivered

# The SDK's generic call rather than its typed one: it takes the body of SendBatchSms ready made.
_PARAMS = {
    action: Params(
        action=action,
        version="2017-05-25",
        protocol="HTTPS",  # the scheme of the endpoint goes first
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="byte",
        body_type="json",
    )
    for action in ("SendSms", "SendBatchSms", "QuerySendDetails")
}


class AliyunSms:
    """`SmsProvider` for one access key. Threads may share it; connections are kept and pooled by endpoint.

    Each call is made exactly once: the SDK's retries are off because neither sending action is
    idempotent. Time-outs are in seconds. Raises `ValueError` on an endpoint that is no http(s) URL.
    """

    def __init__(self, credentials: Credentials, *, connect_timeout: float = 5, read_timeout: float = 10) -> None:
        config, self._session_key = configure(
            credentials, credentials.endpoint, connect_timeout=connect_timeout, read_timeout=read_timeout
        )
        self._client = Client(config)
        self._runtime = RuntimeOptions()

    def send(
        self,
        *,
        signature: str,
        template_code: str,
        phones: Sequence[str],
        variables: Sequence[Mapping[str, str]] | Mapping[str, str] | None,
        out_id: str,
    ) -> str:
        """See `SmsProvider.send`: SendSms for a text alike for all, SendBatchSms for personal ones."""
        if len(out_id) > LONGEST_OUT_ID:
            raise ValueError(f"an out_id has at most {LONGEST_OUT_ID} characters")
        if variables is None or isinstance(variables, Mapping):
            return self._send_shared(signature, template_code, phones, variables, out_id)
        return self._send_personal(signature, template_code, phones, variables, out_id)

    def find(self, *, phone: str, day: date, out_id: str) -> SendDetail | None:
        """See `SmsProvider.find`. The provider may lag: that nothing is found proves little at first."""
        for page in range(1, _MOST_PAGES + 1):
            query = {
                "PhoneNumber": phone,
                "SendDate": f"{day:%Y%m%d}",
                "PageSize": str(_PAGE),
                "CurrentPage": str(page),
            }
            body = self._call("QuerySendDetails", query)
            try:
                rows, total = _details(body), int(body.get("TotalCount") or 0)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise SmsError(Outcome.UNKNOWN, "unreadable", f"a listing that cannot be read: {error}") from error
            for row in rows:
                if row.out_id == out_id:
                    return row
            if not rows or page * _PAGE >= total:
                break
        return None

    def _send_shared(
        self,
        signature: str,
        template_code: str,
        phones: Sequence[str],
        variables: Mapping[str, str] | None,
        out_id: str,
    ) -> str:
        _check_count(phones, MOST_PHONES)
        query = {
            "PhoneNumbers": ",".join(phones),
            "SignName": signature,
            "TemplateCode": template_code,
            "OutId": out_id,
        }
        if variables:
            query["TemplateParam"] = json_text(dict(variables))
        return _biz_id(self._call("SendSms", query, personal=False))

    def _send_personal(
        self,
        signature: str,
        template_code: str,
        phones: Sequence[str],
        variables: Sequence[Mapping[str, str]],
        out_id: str,
    ) -> str:
        _check_count(phones, MOST_PERSONAL)
        if len(variables) != len(phones):
            raise ValueError(f"{len(phones)} phones but {len(variables)} sets of variables")
        form = json_form(
            {
                "PhoneNumberJson": list(phones),
                "SignNameJson": [signature] * len(phones),
                "TemplateParamJson": [dict(each) for each in variables],
            }
        )
        return _biz_id(self._call("SendBatchSms", {"TemplateCode": template_code, "OutId": out_id}, form))

    def _call(
        self, action: str, query: dict[str, str], form: bytes | None = None, *, personal: bool = True
    ) -> dict[str, Any]:
        """Make one call and return the body of an answer that says OK; anything else is an `SmsError`."""
        request = OpenApiRequest(query=query, body=form, headers={"content-type": FORM} if form else None)
        ensure_session(self._session_key)
        try:
            answer = self._client.call_api(_PARAMS[action], request, self._runtime)["body"]
        except Exception as error:
            raise failure_of(error, personal=personal) from None  # its words quote the whole request
        body: dict[str, Any] = answer if isinstance(answer, dict) else {}
        code = body.get("Code")
        if not isinstance(code, str) or not code:
            raise SmsError(Outcome.UNKNOWN, "unreadable", "the answer has no code", connection=True)
        if code != "OK":
            raise SmsError(judge(code, personal=personal), code, short_words(str(body.get("Message") or "")))
        return body


def _check_count(phones: Sequence[str], most: int) -> None:
    if not 1 <= len(phones) <= most:
        raise ValueError(f"one such call carries 1 to {most} phones, not {len(phones)}")


def _biz_id(body: Mapping[str, Any]) -> str:
    if not body.get("BizId"):
        # Accepted, but under no name we could record: the receipts' out_id will tell.
        raise SmsError(Outcome.UNKNOWN, "unreadable", "the answer says OK but names no BizId")
    return str(body["BizId"])


def _details(body: Mapping[str, Any]) -> list[SendDetail]:
    rows = (body.get("SmsSendDetailDTOs") or {}).get("SmsSendDetailDTO") or []
    return [
        SendDetail(
            phone=str(row.get("PhoneNum") or ""),
            out_id=str(row.get("OutId") or ""),
            delivered=_DELIVERED[int(row["SendStatus"])],
            err_code=str(row.get("ErrCode") or ""),
            sent_at=beijing(row.get("SendDate")),
            reported_at=beijing(row.get("ReceiveDate")),
        )
        for row in rows
    ]

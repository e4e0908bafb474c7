"""What leaves the machine, and what every way of failing means for the messages in the call."""

from __future__ import annotations

import json
import string
import threading
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateways.aliyun import AliyunSms
from app.gateways.aliyun.forms import json_form
from app.gateways.sms import Credentials, SmsError
from tests.gateways.conftest import answer

OK = answer(200, b'{"Code":"OK","Message":"OK","RequestId":"R","BizId":"900619746936498440^0"}')


def provider(url: str, **options: float) -> AliyunSms:
    credentials = Credentials(key="AK", secret="SK", endpoint=url)
    return AliyunSms(credentials, **{"connect_timeout": 1.0, "read_timeout": 2.0, **options})


def send(url: str, **changes: object) -> str:
    call = {
        "signature": "云顶云",
        "template_code": "SMS_1",
        "phones": ["13800138000"],
        "variables": None,
        "out_id": "o1",
    }
    return provider(url).send(**{**call, **changes})  # type: ignore[arg-type]


def failure(url: str, **changes: object) -> SmsError:
    with pytest.raises(SmsError) as caught:
        send(url, **changes)
    return caught.value


def query(request: bytes) -> dict[str, str]:
    target = request.split(b" ")[1].decode()
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


def form(request: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.partition(b"\r\n\r\n")[2].decode()).items()}


def test_one_text_for_all_goes_out_as_one_SendSms(answering):
    server = answering(OK)
    phones = [f"138{n:08}" for n in range(1000)]

    assert send(server.url, phones=phones, variables={"code": "一二"}) == "900619746936498440^0"

    (request,) = server.requests
    assert b"\r\nx-acs-action: SendSms\r\n" in request
    sent = query(request)
    assert sent["PhoneNumbers"] == ",".join(phones)
    assert (sent["SignName"], sent["TemplateCode"], sent["OutId"]) == ("云顶云", "SMS_1", "o1")
    assert json.loads(sent["TemplateParam"]) == {"code": "一二"}


def test_a_text_without_variables_sends_none(answering):
    server = answering(OK)
    send(server.url, variables={})
    assert "TemplateParam" not in query(server.requests[0])


def test_personal_texts_go_out_as_one_SendBatchSms_with_arrays_of_equal_length(answering):
    server = answering(OK)
    send(server.url, phones=["13800138000", "13800138001"], variables=[{"name": "张三"}, {"name": "李四"}])

    (request,) = server.requests
    assert b"\r\nx-acs-action: SendBatchSms\r\n" in request
    assert query(request) == {"TemplateCode": "SMS_1", "OutId": "o1"}
    sent = form(request)
    assert json.loads(sent["PhoneNumberJson"]) == ["13800138000", "13800138001"]
    assert json.loads(sent["SignNameJson"]) == ["云顶云", "云顶云"]
    assert json.loads(sent["TemplateParamJson"]) == [{"name": "张三"}, {"name": "李四"}]


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=40), max_size=3), max_size=5))
def test_any_text_survives_the_form(variables):
    encoded = json_form({"A": variables, "B": ["云"]}).decode("ascii")
    assert not set(encoded) - set(string.ascii_letters + string.digits + "-._~%=&")
    read = parse_qs(encoded, strict_parsing=True)
    assert json.loads(read["A"][0]) == variables and json.loads(read["B"][0]) == ["云"]


@pytest.mark.parametrize(
    "changes",
    [
        {"phones": []},
        {"phones": ["13800138000"] * 1001},
        {"phones": ["13800138000"] * 101, "variables": [{}] * 101},
        {"phones": ["13800138000"] * 2, "variables": [{}]},
        {"out_id": "o" * 256},
    ],
)
def test_a_shape_beyond_one_call_is_refused_before_anything_is_sent(answering, changes):
    server = answering(OK)
    with pytest.raises(ValueError):
        send(server.url, **changes)
    assert not server.requests


@pytest.mark.parametrize("url", ["127.0.0.1:80", "ftp://host", "http://", "https://host/path"])
def test_an_endpoint_that_is_no_url_is_refused_at_once(url):
    with pytest.raises(ValueError, match="endpoint"):
        provider(url)


# --- the way the calls travel ----------------------------------------------------------------


def test_connections_are_kept_and_shared_by_the_threads(answering):
    server = answering(OK)
    sms = provider(server.url)

    def ten() -> None:
        for _ in range(10):
            sms.send(signature="s", template_code="t", phones=["13800138000"], variables=None, out_id="o")

    threads = [threading.Thread(target=ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 40
    assert server.connections <= 4


def test_proxies_of_the_environment_are_ignored(answering, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send(answering(OK).url) == "900619746936498440^0"


# --- asking ----------------------------------------------------------------------------------


def _page(rows: list[dict[str, object]], total: int) -> bytes:
    body = {"Code": "OK", "Message": "OK", "TotalCount": total, "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}}
    return answer(200, json.dumps(body).encode())


def _row(out_id: str, status: int = 3) -> dict[str, object]:
    return {
        "PhoneNum": "13800138000",
        "SendStatus": status,
        "ErrCode": "DELIVERED",
        "OutId": out_id,
        "SendDate": "2026-01-01 10:00:00",
        "ReceiveDate": "2026-01-01 10:00:03",
    }


def find(url: str, out_id: str):
    return provider(url).find(phone="13800138000", day=date(2026, 1, 1), out_id=out_id)


def test_a_message_is_found_by_its_out_id_on_a_later_page(answering):
    others = [_row(f"x{n}") for n in range(50)]
    server = answering(_page(others, 51), _page([_row("mine")], 51))
    found = find(server.url, "mine")
    assert found is not None
    assert (found.phone, found.out_id, found.delivered, found.err_code) == ("13800138000", "mine", True, "DELIVERED")
    assert found.sent_at == datetime(2026, 1, 1, 2, 0, tzinfo=UTC)
    assert found.reported_at == datetime(2026, 1, 1, 2, 0, 3, tzinfo=UTC)
    assert [query(request)["CurrentPage"] for request in server.requests] == ["1", "2"]
    assert query(server.requests[0])["SendDate"] == "20260101"


@pytest.mark.parametrize(("status", "delivered"), [(1, None), (2, False), (3, True)])
def test_the_state_of_a_message_found(answering, status, delivered):
    found = find(answering(_page([_row("mine", status)], 1)).url, "mine")
    assert found is not None and found.delivered is delivered


def test_nothing_is_found_where_the_pages_end(answering):
    server = answering(_page([_row("other")], 1))
    assert find(server.url, "mine") is None
    assert len(server.requests) == 1
    assert find(answering(_page([], 0)).url, "mine") is None


def test_a_garbled_listing_is_an_error_and_not_an_absence(answering):
    row = {**_row("mine"), "SendStatus": "soon"}
    with pytest.raises(SmsError) as caught:
        find(answering(_page([row], 1)).url, "mine")
    assert caught.value.code == "unreadable"

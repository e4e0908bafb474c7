"""From papers to an approved signature and template, through the SDK as an application would go."""

import io
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from alibabacloud_dysmsapi20170525 import models
from alibabacloud_tea_openapi.exceptions import ClientException

from standins.control import Control
from tests.standins.provider import Provider

PAPERS = {
    "admin_idcard_exp_date": "2020-01-01~2099-12-31", "admin_idcard_no": "110101199001011234",
    "admin_idcard_type": "identityCard", "admin_name": "张三", "admin_phone_no": "13800138000",
    "bussiness_license_exp_date": "2020-01-01~2099-12-31", "certify_code": "123456", "company_name": "云顶科技",
    "company_type": "COMPANY", "legal_person_idcard_no": "110101199001011234",
    "legal_person_idcard_type": "identityCard", "legal_person_id_card_eff_time": "2020-01-01~2099-12-31",
    "legal_person_name": "李四", "organization_code": "91110000600037341L", "qualification_name": "云顶资质",
    "use_by_self": True, "whether_share": False}


def until(ask: Callable[[], Any], wanted: Any) -> None:
    """Wait up to three seconds for an answer to become what is wanted."""
    deadline = time.monotonic() + 3
    while (got := ask()) != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    assert got == wanted


def upload(provider: Provider, name: str, body: bytes = b"picture", **changed: str) -> tuple[int, str]:
    """Put a file where the provider wants it; status and key."""
    data = provider.client.get_qualification_oss_info(
        models.GetQualificationOssInfoRequest(biz_type="dysms")).body.data
    form = {"key": data.start_path + name, "policy": data.policy, "OSSAccessKeyId": data.access_key_id,
            "signature": data.signature, "success_action_status": "200"} | changed
    answer = requests.post(data.host, data=form, files={"file": (name, io.BytesIO(body))}, timeout=5)
    return answer.status_code, form["key"]


def qualify(provider: Provider) -> int:
    """A submitted qualification's number."""
    (_, front), (_, back) = upload(provider, "front.jpg"), upload(provider, "back.png")
    body = provider.client.submit_sms_qualification(models.SubmitSmsQualificationRequest(
        admin_idcard_front_face=front, admin_idcard_pic=back, business_license_pics=[
            models.SubmitSmsQualificationRequestBusinessLicensePics(license_pic=front, type="businessLicense")],
        **PAPERS)).body
    assert body.code == "OK", body.message
    return int(body.data)


def state(provider: Provider, number: int) -> str:
    """A qualification's state."""
    return str(provider.client.query_single_sms_qualification(models.QuerySingleSmsQualificationRequest(
        qualification_group_id=number)).body.data.state)


def create_sign(provider: Provider, name: str, number: int, **more: Any) -> str:
    """CreateSmsSign; returns the code."""
    return str(provider.client.create_sms_sign(models.CreateSmsSignRequest(
        sign_name=name, sign_source=0, qualification_id=number, **more)).body.code)


def get_sign(provider: Provider, name: str) -> Any:
    """GetSmsSign."""
    return provider.client.get_sms_sign(models.GetSmsSignRequest(sign_name=name)).body


def create_template(provider: Provider, content: str, kind: int = 1, name: str = "模板") -> Any:
    """CreateSmsTemplate; returns the body."""
    return provider.client.create_sms_template(models.CreateSmsTemplateRequest(
        template_name=name, template_content=content, template_type=kind, apply_scene_content="官网",
        template_rule=json.dumps({"name": "characterWithNumber"}))).body


def get_template(provider: Provider, code: str) -> Any:
    """GetSmsTemplate."""
    return provider.client.get_sms_template(models.GetSmsTemplateRequest(template_code=code)).body


def test_a_signature_from_its_papers_to_its_first_message(provider: Provider, control: Control) -> None:
    number = qualify(provider)
    until(lambda: state(provider, number), "PASSED")
    control.set(review_delay_ms=150, carriers={"mobile": 3, "unicom": -1, "telecom": -2})
    assert create_sign(provider, "新签名", number) == "OK"
    assert get_sign(provider, "新签名").sign_status == 0
    assert provider.send("13800138000", sign="新签名").code == "isv.SMS_SIGNATURE_ILLEGAL"
    deletion = models.DeleteSmsSignRequest(sign_name="新签名")
    assert provider.client.delete_sms_sign(deletion).body.code == "isv.ERROR_SIGN_NOT_DELETE"
    until(lambda: get_sign(provider, "新签名").sign_status, 1)
    details = get_sign(provider, "新签名").sign_isp_register_detail_list
    assert {one.operator_code: one.register_status for one in details} == {"mobile": 3, "unicom": -1, "telecom": -2}
    assert provider.send("13800138000", sign="新签名").code == "OK"
    [report] = provider.reports("SignSmsReport", wait=0)
    assert (report["sign_name"], report["sign_status"]) == ("新签名", "approved")
    rows = provider.client.query_sms_sign_list(models.QuerySmsSignListRequest(page_index=1, page_size=10)).body
    assert [(row.sign_name, row.audit_status) for row in rows.sms_sign_list] == [
        ("新签名", "AUDIT_STATE_PASS"), ("云顶云", "AUDIT_STATE_PASS")]
    assert provider.client.delete_sms_sign(deletion).body.code == "OK"
    assert get_sign(provider, "新签名").code == "isv.SMS_SIGNATURE_ILLEGAL"


def test_a_rejected_signature_is_changed_and_passes(provider: Provider, control: Control) -> None:
    number = qualify(provider)
    until(lambda: state(provider, number), "PASSED")
    control.set(review="reject", review_reason="营业执照不清晰")
    create_sign(provider, "云贰", number)
    until(lambda: get_sign(provider, "云贰").sign_status, 2)
    assert get_sign(provider, "云贰").audit_info.reject_info == "营业执照不清晰"
    control.set(review="hold")
    change = models.UpdateSmsSignRequest(sign_name="云贰", sign_source=0, qualification_id=number,
                                         apply_scene_content="https://a.cn", sign_type=0)
    assert provider.client.update_sms_sign(change).body.code == "OK"
    assert provider.client.update_sms_sign(change).body.code == "isv.ERROR_SIGN_NOT_MODIFY"
    control.review(True, sign_name="云贰")
    assert get_sign(provider, "云贰").sign_status == 1
    assert provider.send("13800138000", sign="云贰").code == "isv.SMS_SIGNATURE_SCENE_ILLEGAL"


def test_papers_come_first(provider: Provider, control: Control) -> None:
    assert create_sign(provider, "云叁", 404) == "isv.INVALID_PARAMETERS"
    control.set(review="reject", review_reason="证件模糊")
    number = qualify(provider)
    until(lambda: state(provider, number), "FAILED")
    assert create_sign(provider, "云叁", number) == "isv.INVALID_PARAMETERS"
    [record] = provider.client.query_sms_qualification_record(
        models.QuerySmsQualificationRecordRequest(page_no=1, page_size=10)).body.data.list
    assert (record.group_id, record.state_name, record.audit_remark) == (number, "NOT_PASS", "证件模糊")
    control.set(review="approve")
    licence = models.UpdateSmsQualificationRequestBusinessLicensePics(license_pic="x", type="businessLicense")
    assert provider.client.update_sms_qualification(models.UpdateSmsQualificationRequest(
        admin_phone_no="13800138000", certify_code="123456", order_id=record.work_order_id,
        qualification_group_id=number, business_license_pics=[licence])).body.code == "OK"
    until(lambda: state(provider, number), "PASSED")
    assert create_sign(provider, "一", number) == "isv.SIGN_NAME_ILLEGAL"
    assert create_sign(provider, "很" * 13, number) == "isv.SIGN_OVER_LIMIT"
    assert create_sign(provider, "他用", number, third_party=True) == "isv.INVALID_PARAMETERS"
    _, picture = upload(provider, "letter.jpg")
    letter = provider.client.create_sms_authorization_letter(models.CreateSmsAuthorizationLetterRequest(
        authorization="甲方", authorization_letter_exp_date="2024-01-01~2099-01-01", authorization_letter_name="授权",
        authorization_letter_pic=picture, organization_code="91", proxy_authorization="乙方",
        sign_list=["他用"])).body
    assert create_sign(provider, "他用", number, third_party=True, authorization_letter_id=int(letter.data)) == "OK"
    until(lambda: get_sign(provider, "他用").sign_status, 1)
    [row] = provider.client.query_sms_authorization_letter(models.QuerySmsAuthorizationLetterRequest(
        sign_name="他用")).body.data
    assert (row.authorization_letter_id, row.state, row.status) == (int(letter.data), "PASSED", "VALID")


def test_an_upload_needs_its_policy(provider: Provider) -> None:
    assert upload(provider, "a.jpg")[0] == 200
    assert upload(provider, "a.jpg", signature="wrong")[0] == 403
    assert upload(provider, "a.jpg", key="elsewhere/a.jpg")[0] == 403
    assert upload(provider, "a.exe")[0] == 403
    assert upload(provider, "a.jpg", b"")[0] == 400


RULES = [(1, "您的订单${name}已发货", 1), (0, "您的验证码为${name}", 1), (2, "全场八折，拒收请回复R", 1),
         (0, "您的口令为${name}", 2), (1, "全场八折，拒收请回复R", 2), (2, "全场八折，回T退订", 2), (1, "${name}", 2),
         (1, "订单${name}${other}", 2), (1, "订单${name}即${name}", 2)]


@pytest.mark.parametrize(("kind", "content", "status"), RULES)
def test_the_reviewer_knows_the_rules_for_texts(provider: Provider, kind: int, content: str, status: int) -> None:
    code = create_template(provider, content, kind).template_code
    until(lambda: get_template(provider, code).template_status, str(status))


def test_templates_are_listed_paced_and_deleted(provider: Provider, control: Control) -> None:
    code = create_template(provider, "您的订单${name}已发货").template_code
    with pytest.raises(ClientException) as fast:
        create_template(provider, "您的订单${name}已发货")
    assert fast.value.code == "Throttling.User"
    until(lambda: get_template(provider, code).template_status, "1")
    rows = provider.client.query_sms_template_list(models.QuerySmsTemplateListRequest(page_size=50)).body
    assert {(row.template_code, row.template_type, row.outer_template_type) for row in rows.sms_template_list} >= {
        (code, 0, 1), ("SMS_100001", 2, 0), ("SMS_100004", 1, 2)}
    assert provider.send("13800138000", code, '{"name":"A1"}').code == "OK"
    [report] = provider.reports("TemplateSmsReport", wait=0)
    assert (report["template_code"], report["template_type"], report["template_status"]) == (code, "通知", "approved")
    control.set(template_interval_seconds=0, templates_a_day=2)
    create_template(provider, "您的订单${name}已发货")
    assert create_template(provider, "又一").code == "isv.TEMPLATE_COUNT_OVER_LIMIT"
    assert provider.client.delete_sms_template(models.DeleteSmsTemplateRequest(template_code=code)).body.code == "OK"
    assert get_template(provider, code).code == "isv.SMS_TEMPLATE_ILLEGAL"


def test_the_older_actions(provider: Provider) -> None:
    file = models.AddSmsSignRequestSignFileList(file_contents="aGk=", file_suffix="jpg")
    assert provider.client.add_sms_sign(models.AddSmsSignRequest(
        sign_name="旧签名", sign_source=0, remark="旧", sign_file_list=[file])).body.sign_name == "旧签名"
    until(lambda: provider.client.query_sms_sign(models.QuerySmsSignRequest(sign_name="旧签名")).body.sign_status, 1)
    code = provider.client.add_sms_template(models.AddSmsTemplateRequest(
        template_type=1, template_name="旧", template_content="您好", remark="旧")).body.template_code
    question = models.QuerySmsTemplateRequest(template_code=code)
    until(lambda: provider.client.query_sms_template(question).body.template_status, 1)
    assert provider.client.query_sms_template(question).body.template_type == 1
    assert provider.client.modify_sms_template(models.ModifySmsTemplateRequest(
        template_code=code, template_type=1, template_name="旧", template_content="您好", remark="旧",
    )).body.code == "isv.ERROR_TEMPLATE_NOT_MODIFY"

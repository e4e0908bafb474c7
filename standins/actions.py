"""Which action is answered by what: the provider's table of contents."""

from collections.abc import Callable
from typing import Any

from standins import letters, qualifications, sign_actions, template_actions, uploads
from standins.accounts import AccessKey
from standins.enquiries import query_send_details, query_send_statistics
from standins.journal import Call
from standins.sms import send_batch_sms, send_sms
from standins.world import World

Action = Callable[[World, AccessKey, dict[str, str]], dict[str, Any]]


def query_token_for_mns_queue(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """dybaseapi's only action here: credentials for one queue."""
    return world.tokens.issue(key, fields, world.behaviour.token_seconds)


SENDS: dict[str, Callable[[World, AccessKey, dict[str, str], float], Call]] = {
    "SendSms": send_sms, "SendBatchSms": send_batch_sms}
ACTIONS: dict[str, Action] = {
    "QueryTokenForMnsQueue": query_token_for_mns_queue,
    "QuerySendDetails": query_send_details,
    "QuerySendStatistics": query_send_statistics,
    "CreateSmsSign": sign_actions.create_sms_sign,
    "UpdateSmsSign": sign_actions.update_sms_sign,
    "AddSmsSign": sign_actions.add_sms_sign,
    "ModifySmsSign": sign_actions.modify_sms_sign,
    "GetSmsSign": sign_actions.get_sms_sign,
    "QuerySmsSign": sign_actions.query_sms_sign,
    "QuerySmsSignList": sign_actions.query_sms_sign_list,
    "DeleteSmsSign": sign_actions.delete_sms_sign,
    "CreateSmsTemplate": template_actions.create_sms_template,
    "UpdateSmsTemplate": template_actions.update_sms_template,
    "AddSmsTemplate": template_actions.add_sms_template,
    "ModifySmsTemplate": template_actions.modify_sms_template,
    "GetSmsTemplate": template_actions.get_sms_template,
    "QuerySmsTemplate": template_actions.query_sms_template,
    "QuerySmsTemplateList": template_actions.query_sms_template_list,
    "DeleteSmsTemplate": template_actions.delete_sms_template,
    "SubmitSmsQualification": qualifications.submit_sms_qualification,
    "UpdateSmsQualification": qualifications.update_sms_qualification,
    "QuerySingleSmsQualification": qualifications.query_single_sms_qualification,
    "QuerySmsQualificationRecord": qualifications.query_sms_qualification_record,
    "DeleteSmsQualification": qualifications.delete_sms_qualification,
    "RequiredPhoneCode": qualifications.required_phone_code,
    "ValidPhoneCode": qualifications.valid_phone_code,
    "CreateSmsAuthorizationLetter": letters.create_sms_authorization_letter,
    "QuerySmsAuthorizationLetter": letters.query_sms_authorization_letter,
    "GetQualificationOssInfo": uploads.get_qualification_oss_info,
    "GetOSSInfoForUploadFile": uploads.get_oss_info_for_upload_file,
    "GetSmsOcrOssInfo": uploads.get_sms_ocr_oss_info,
}

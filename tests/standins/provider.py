"""The stand-ins as the application will meet them: through the official SDKs only."""

import json
from typing import Any

from alibabacloud_dysmsapi20170525 import models
from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_tea_openapi import utils_models
from alibabacloud_tea_openapi.client import Client as Api
from darabonba.runtime import RuntimeOptions
from mns.account import Account
from mns.mns_exception import MNSServerException
from mns.queue import Queue


class Provider:
    """One access key's view of the provider."""

    def __init__(self, endpoint: str, key: str, secret: str, uid: str, read_timeout: int = 5000) -> None:
        self.config = utils_models.Config(access_key_id=key, access_key_secret=secret, endpoint=endpoint,
                                          protocol="http", connect_timeout=1000, read_timeout=read_timeout)
        self.endpoint, self.uid = endpoint, uid
        self.client = Client(self.config)

    def send(self, phones: str, template: str = "SMS_100003", param: str | None = None, sign: str = "云顶云",
             out_id: str = "o1") -> Any:
        """SendSms; returns the body of the answer."""
        return self.client.send_sms(models.SendSmsRequest(
            phone_numbers=phones, sign_name=sign, template_code=template, template_param=param, out_id=out_id)).body

    def send_batch(self, phones: list[str], params: list[Any], template: str = "SMS_100002",
                   signs: list[str] | None = None, out_id: str = "o1") -> Any:
        """SendBatchSms; returns the body of the answer."""
        return self.client.send_batch_sms(models.SendBatchSmsRequest(
            phone_number_json=json.dumps(phones), sign_name_json=json.dumps(signs or ["云顶云"] * len(phones)),
            template_param_json=json.dumps(params, ensure_ascii=False), template_code=template, out_id=out_id)).body

    def token(self, kind: str = "SmsReport") -> dict[str, str]:
        """QueryTokenForMnsQueue; returns the temporary credentials."""
        params = utils_models.Params(action="QueryTokenForMnsQueue", version="2017-05-25", protocol="HTTPS",
                                     pathname="/", method="POST", auth_type="AK", style="RPC",
                                     req_body_type="formData", body_type="json")
        request = utils_models.OpenApiRequest(query={
            "MessageType": kind, "QueueName": f"Alicom-Queue-{self.uid}-{kind}"})
        answer = Api(self.config).call_api(params, request, RuntimeOptions())["body"]
        assert answer["Code"] == "OK", answer
        return dict(answer["MessageTokenDTO"])

    def queue(self, kind: str = "SmsReport") -> Queue:
        """One of the account's queues, with fresh credentials."""
        token = self.token(kind)
        account = Account(f"http://{self.endpoint}", token["AccessKeyId"], token["AccessKeySecret"],
                          token["SecurityToken"])
        return account.get_queue(f"Alicom-Queue-{self.uid}-{kind}")

    def reports(self, kind: str = "SmsReport", wait: int = 1, most: int = 10_000) -> list[dict[str, Any]]:
        """Read and delete until the queue stays empty for ``wait`` seconds or ``most`` were read."""
        queue, found = self.queue(kind), []
        while len(found) < most:
            try:
                messages = queue.batch_receive_message(16, wait)
            except MNSServerException as empty:
                assert empty.type == "MessageNotExist", empty
                break
            found += [json.loads(message.message_body) for message in messages]
            queue.batch_delete_message([message.receipt_handle for message in messages])
        return found

"""What an email address does: codes by mail, binding; resetting a password is in phone.py."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.response import Response

from accounts import errors
from accounts.serializers.email import BindEmailBody, EmailCodeBody
from accounts.serializers.phone import SmsCodeSentSerializer
from accounts.services import email_binding, email_codes
from accounts.services.codes import MINUTE
from accounts.services.parameters import parameter
from config.api.client_ip import client_ip
from config.api.permissions import LOGIN, PUBLIC
from config.api.viewsets import ApiViewSet


class EmailCodeViewSet(ApiViewSet):
    """/email/code"""

    serializer_class = SmsCodeSentSerializer
    throttle_kind = "login"
    summaries = {"send_code": "发送邮箱验证码"}
    permissions = {"send_code": PUBLIC}
    refusals = {"send_code": (errors.TooManyCodes, errors.EmailUnavailable)}

    def get_authenticators(self):
        return []  # an old token beside it is no reason to refuse

    @extend_schema(request=EmailCodeBody, responses={202: SmsCodeSentSerializer})
    def send_code(self, request):
        """The same answer whether anybody has the address or not."""
        body = self.body(EmailCodeBody)
        email_codes.request_email_code(
            body["email"], body["purpose"], ip_address=client_ip(request)
        )
        answer = {"expires_in": parameter("EMAIL_CODE_TTL_SECONDS"), "retry_after": MINUTE}
        return Response(answer, status=status.HTTP_202_ACCEPTED)


class EmailViewSet(ApiViewSet):
    """/user/email/bind"""

    serializer_class = BindEmailBody
    throttle_kind = "login"
    log_target = "user"
    summaries = {"bind": "绑定或更换邮箱"}
    permissions = {"bind": LOGIN}
    refusals = {"bind": (errors.CodeInvalid, errors.EmailTaken, errors.StepUpRequired)}

    @extend_schema(request=BindEmailBody, responses={200: None})
    def bind(self, request):
        """By a code of purpose bind to the new address; another one after /step-up."""
        body = self.body(BindEmailBody)
        email_binding.bind_email(
            request.user.pk, email=body["email"], code=body["code"], login=request.auth
        )
        return Response({})

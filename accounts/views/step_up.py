"""Showing once more that it is you."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts import errors
from accounts.serializers.step_up import SteppedUpSerializer, StepUpBody
from accounts.services.step_up import step_up
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import StaleState


class StepUpViewSet(ApiViewSet):
    """/step-up"""

    serializer_class = SteppedUpSerializer
    throttle_kind = "login"
    log_target = "session"
    summaries = {"confirm": "验证身份（敏感操作之前）"}
    permissions = {"confirm": LOGIN}
    refusals = {
        "confirm": (
            errors.ProofInvalid,
            errors.CodeInvalid,
            errors.TooManyAttempts,
            errors.WeChatCodeInvalid,
            errors.WeChatBlocked,
            errors.WeChatTooFrequent,
            errors.WeChatUnavailable,
            errors.AccountDisabled,
            errors.SessionEnded,
            StaleState,
        ),
    }

    @extend_schema(request=StepUpBody, responses=SteppedUpSerializer)
    def confirm(self, request):
        """For this login alone, and for as long as `expires_in` says."""
        ((kind, proof),) = self.body(StepUpBody).items()
        seconds = step_up(request.user.pk, login=request.auth, kind=kind, proof=proof)
        return Response(SteppedUpSerializer({"expires_in": seconds}).data)

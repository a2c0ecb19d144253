from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.response import Response

from accounts import errors
from accounts.models import Agreement, AgreementKind
from accounts.serializers.notifications import (
    AgreementSerializer,
    ConsentBody,
    ConsentSerializer,
)
from accounts.services.consents import (
    consents_of,
    current_agreement,
    give_consent,
    withdraw_consent,
)
from config.api.client_ip import client_ip
from config.api.permissions import LOGIN, PUBLIC
from config.api.viewsets import ApiViewSet
from config.errors import NotFound


class AgreementViewSet(ApiViewSet):
    """/agreements/{kind}: the text in force."""

    serializer_class = AgreementSerializer
    queryset = Agreement.objects.none()
    summaries = {
        "retrieve": "现行协议",
    }
    permissions = {"retrieve": PUBLIC}

    @extend_schema(responses=AgreementSerializer)
    def retrieve(self, request, kind):
        agreement = current_agreement(kind) if kind in AgreementKind.values else None
        if agreement is None:
            raise NotFound
        return Response(AgreementSerializer(agreement).data)


class ConsentViewSet(ApiViewSet):
    """/consents: what there is to agree to, and what one has agreed to."""

    serializer_class = ConsentSerializer
    log_target = "consent"
    summaries = {
        "list": "我的协议同意情况",
        "create": "同意协议",
        "destroy": "撤回同意",
    }
    permissions = {"list": LOGIN, "create": LOGIN, "destroy": LOGIN}
    refusals = {"create": (errors.AgreementNotCurrent,)}

    @extend_schema(responses=ConsentSerializer(many=True), filters=False)
    def list(self, request):
        return self.page(consents_of(request.user))

    @extend_schema(request=ConsentBody, responses={201: ConsentSerializer})
    def create(self, request):
        """Agree to the version in force; a second time is harmless."""
        body = self.body(ConsentBody)
        consent = give_consent(
            request.user,
            kind=body["kind"],
            version=body["version"],
            ip_address=client_ip(request) or None,
        )
        agreement = consent.agreement
        entry = {
            "kind": agreement.kind,
            "title": agreement.title,
            "version": agreement.version,
            "agreed_at": consent.agreed_at,
        }
        return Response(ConsentSerializer(entry).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={200: None})
    def destroy(self, request, kind):
        """Withdraw; what was done on its ground stays."""
        if kind not in AgreementKind.values:
            raise NotFound
        withdraw_consent(request.user, kind=kind)
        return Response({})

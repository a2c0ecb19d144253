from django.conf import settings
from django.db.models import OuterRef, Subquery
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts import errors
from accounts.models import User, WeChatIdentity
from accounts.serializers.profile import ProfileBody, ProfileSerializer
from accounts.services.profiles import update_profile
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.prepared import Prepared


class ProfileViewSet(ApiViewSet):
    """/users/profile, also /user/profile: one's own."""

    serializer_class = ProfileSerializer
    log_target = "user"
    summaries = {
        "retrieve": "我的资料",
        "update": "修改我的资料",
        "partial_update": "修改我的资料（部分字段）",
    }
    permissions = {"retrieve": LOGIN, "update": LOGIN, "partial_update": LOGIN}
    refusals = dict.fromkeys(("update", "partial_update"), (errors.VerificationRequired,))

    @extend_schema(responses=ProfileSerializer)
    def retrieve(self, request):
        """Read anew, not from the token's memory: whoever writes must see it at once."""
        row = _profile.first(user=request.user.pk, appid=settings.WX_APPID)
        return Response(row | {"gender": row["gender"] or None})

    @extend_schema(request=ProfileBody, responses={200: None})
    def update(self, request):
        """Any subset of the fields; PUT and PATCH are the same."""
        update_profile(request.user.pk, **self.body(ProfileBody))
        return Response({})

    @extend_schema(request=ProfileBody, responses={200: None})
    def partial_update(self, request):
        return self.update(request)


_profile = Prepared(
    lambda user, appid: (
        User.objects.filter(pk=user)
        .annotate(
            openid=Subquery(
                WeChatIdentity.objects.filter(user=OuterRef("pk"), appid=appid).values("openid")[:1]
            )
        )
        .order_by()
        .values(*ProfileSerializer.COLUMNS)
    )
)

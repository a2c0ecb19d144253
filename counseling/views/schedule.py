"""The rules of a counselor's time: one's own, or for staff whoever's their role reaches."""

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.idempotency import idempotent
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import Forbidden, NotFound
from counseling import errors
from counseling.filters import ScheduleExceptionFilter, WeeklyTemplateFilter
from counseling.models import ScheduleException, WeeklyTemplate
from counseling.serializers.schedule import (
    NewScheduleExceptionBody,
    NewWeeklyTemplateBody,
    ScheduleExceptionBody,
    ScheduleExceptionSerializer,
    WeeklyTemplateBody,
    WeeklyTemplateSerializer,
)
from counseling.services import schedule_edit as service


class _RuleViewSet(mixins.RetrieveModelMixin, ApiViewSet):
    """Whatever is saved or deleted, the free slots are made anew at once."""

    permissions = dict.fromkeys(
        ("list", "retrieve", "create", "update", "partial_update", "destroy"), LOGIN
    )
    refusals = {
        "create": (Forbidden, NotFound, errors.ScheduleRuleInvalid, errors.TooManyScheduleRules),
        "update": (NotFound, errors.ScheduleRuleInvalid),
        "partial_update": (NotFound, errors.ScheduleRuleInvalid),
        "destroy": (NotFound,),
    }

    def get_queryset(self):
        return self.rule.objects.visible_to(self.request.user)

    def list(self, request):
        return self.page(self.filter_queryset(self.get_queryset()))

    @idempotent
    def create(self, request):
        fields = self.body(self.new_body)
        counselor_id = self._whose("add", fields.pop("counselor_id", None))
        rule = service.add_rule(self.rule, counselor_id=counselor_id, **fields)
        return Response(self.get_serializer(rule).data, status=status.HTTP_201_CREATED)

    def update(self, request, pk, partial=False):
        self._reached(pk, "change")
        fields = self.body(self.write_body, partial=partial)
        rule = service.change_rule(self.rule, rule_id=int(pk), **fields)
        return Response(self.get_serializer(rule).data)

    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        self._reached(pk, "delete")
        service.remove_rule(self.rule, rule_id=int(pk))
        return Response({})

    def _reached(self, pk, verb: str) -> None:
        rule = get_object_or_404(self.get_queryset().values("counselor_id"), pk=pk)
        self._whose(verb, rule["counselor_id"])

    def _whose(self, verb: str, counselor_id: int | None) -> int:
        permission = f"counseling.{verb}_{self.rule._meta.model_name}"
        return service.counselor_to_plan(self.request.user, counselor_id, permission=permission)


_BODY = {"request": WeeklyTemplateBody, "responses": WeeklyTemplateSerializer}


@extend_schema_view(
    create=extend_schema(request=NewWeeklyTemplateBody, responses={201: WeeklyTemplateSerializer}),
    update=extend_schema(**_BODY),
    partial_update=extend_schema(**_BODY),
)
class WeeklyTemplateViewSet(_RuleViewSet):
    """/schedule-templates: the intervals of a week."""

    rule = WeeklyTemplate
    serializer_class = WeeklyTemplateSerializer
    filterset_class = WeeklyTemplateFilter
    new_body, write_body = NewWeeklyTemplateBody, WeeklyTemplateBody


_BODY = {"request": ScheduleExceptionBody, "responses": ScheduleExceptionSerializer}


@extend_schema_view(
    create=extend_schema(
        request=NewScheduleExceptionBody, responses={201: ScheduleExceptionSerializer}
    ),
    update=extend_schema(**_BODY),
    partial_update=extend_schema(**_BODY),
)
class ScheduleExceptionViewSet(_RuleViewSet):
    """/schedule-exceptions: what is different on one date."""

    rule = ScheduleException
    serializer_class = ScheduleExceptionSerializer
    filterset_class = ScheduleExceptionFilter
    new_body, write_body = NewScheduleExceptionBody, ScheduleExceptionBody

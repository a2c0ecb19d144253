"""At least one row behind every page of the back office."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from accounts.models import (
    AccountDeletion,
    CachePurge,
    EmailCode,
    ExportJob,
    LoginLog,
    LoginSession,
    Notification,
    OperationLog,
    Organisation,
    ParameterChange,
    PhoneCode,
    User,
    UserTag,
    WeChatEvent,
    WeChatIdentity,
)
from accounts.services.api_keys import create_key
from accounts.services.parameters import change_parameters
from commerce.models import (
    AnomalyKind,
    Bill,
    BillDifference,
    MerchantReview,
    OfflineRecord,
    Order,
    PaymentAnomaly,
    PaymentNotice,
    RefundReason,
    Shipment,
    ShippingReport,
)
from commerce.services.refunds import request_refund
from commerce.services.stock import adjust
from counseling.models import (
    AffectedAppointment,
    Appointment,
    Dispute,
    Holiday,
    LeaveRequest,
    NoteAccess,
    ScheduleException,
)
from farm.services.agreements import print_waiting
from tests.factories.commerce import (
    AddressFactory,
    ApplicationFactory,
    InvitationFactory,
    MemberFactory,
    MerchantFactory,
    ProductFactory,
)
from tests.factories.content import CategoryFactory, DiseaseTagFactory
from tests.factories.counseling import ApplicationFactory as CounselorApplicationFactory
from tests.factories.counseling import (
    QualificationFactory,
    WeeklyTemplateFactory,
    confirmed,
    reviewed,
)
from tests.factories.farm import active
from tests.factories.media import FileFactory


def fill() -> None:
    """May be called again: one more row of everything."""
    appointment, tag = confirmed(), uuid4().hex[:8]
    order, user = appointment.order_item.order, appointment.user
    request_refund(order.pk, user=user, reason_code=RefundReason.OTHER)
    PaymentAnomaly.objects.create(
        kind=AnomalyKind.MISMATCH,
        payment=order.payments.get(),
        dedupe_key=tag,
        detail={"应收": "300.00", "实收": "299.00"},
    )
    OfflineRecord.objects.create(
        payment=order.payments.get(), way="transfer", amount=300, reference=f"BANK{tag}",
        recorded_by=order.user,
    )  # fmt: skip
    bill, _ = Bill.objects.get_or_create(method="wechat", day=timezone.localdate())
    BillDifference.objects.create(
        bill=bill, kind="missing_here", key=tag, number="PAY1", theirs="300.00"
    )
    PaymentNotice.objects.create(method="wechat", event_id=tag, number="PAY1")
    _practice(appointment, tag)
    FileFactory(owner=user)
    _animals()
    Organisation.objects.create(name=f"华东中心{tag}")
    MerchantFactory()
    _sold(user, tag)
    ApplicationFactory()
    AddressFactory()
    MemberFactory()
    InvitationFactory()
    adjust(ProductFactory().pk, change=5, actor=user)
    CategoryFactory(name="心理科普")
    DiseaseTagFactory(name=f"焦虑{tag}")
    _people(user, tag)
    days = 29 + ParameterChange.objects.count()
    change_parameters({"SLOT_HORIZON_DAYS": days}, actor=user)
    every, _ = IntervalSchedule.objects.get_or_create(every=20, period="seconds")
    PeriodicTask.objects.create(
        name=f"发送通知{tag}", task="accounts.deliver_notifications", interval=every
    )


def _practice(appointment: Appointment, tag: str) -> None:
    """A counselor who plans and goes away, and what people say of sessions."""
    counselor = appointment.counselor
    WeeklyTemplateFactory(counselor=counselor, weekday=0, start_time="09:00", end_time="12:00")
    ScheduleException.objects.create(counselor=counselor, date=timezone.localdate(), kind="off")
    Holiday.objects.get_or_create(date=timezone.localdate(), defaults={"name": "店庆"})
    leave = LeaveRequest.objects.create(
        counselor=counselor, start_at=appointment.start_at, end_at=appointment.end_at,
        status="approved", reason="外出培训",
    )  # fmt: skip
    AffectedAppointment.objects.create(
        leave=leave, appointment=appointment, deadline_at=timezone.now() + timedelta(days=2)
    )
    held = reviewed().appointment
    NoteAccess.objects.create(appointment=held, requested_by=appointment.user, reason="投诉核查")
    Dispute.objects.create(
        number=f"DSP{tag.upper()}", appointment=held, reason="other", text="时间不足",
        answer_by=timezone.now(), decide_by=timezone.now(),
    )  # fmt: skip
    CounselorApplicationFactory()
    QualificationFactory(user=counselor.user)


def _sold(user: User, tag: str) -> None:
    """What a merchant sent."""
    order = Order.objects.create(
        number=f"ORD{tag.upper()}", user=user, merchant=MerchantFactory(status="approved"),
        total_amount=50, status="shipped", fulfilment="shipping", expires_at=timezone.now(),
        paid_at=timezone.now(), handed_over_at=timezone.now(),
    )  # fmt: skip
    Shipment.objects.create(
        order=order, carrier="SF", tracking_number=f"SF{tag.upper()}", shipped_at=timezone.now(),
        shipped_by=order.merchant.user,
    )  # fmt: skip
    MerchantReview.objects.create(
        order=order, merchant=order.merchant, user=user, rating=4, comment="花很新鲜",
        is_anonymous=True,
    )  # fmt: skip
    ShippingReport.objects.create(
        order=order, status="failed", attempts=12, errcode=10060031, error="openid 与支付单不符"
    )


def _animals() -> None:
    claim = active()
    print_waiting()
    claim.animal.updates.create(update_type="diary", content="今天在草地上晒太阳")
    claim.animal.health_records.create(
        kind="vaccination", happened_on="2026-05-01", note="口蹄疫疫苗"
    )


def _people(user: User, tag: str) -> None:
    UserTag.objects.create(name=f"老客户{tag}", colour="blue").taggings.create(user=user)
    ExportJob.objects.create(
        requested_by=user, key=tag, kind="user", format="csv", fingerprint=tag,
        lease_until=timezone.now(), status="failed", error="生成失败，请联系技术人员",
    )  # fmt: skip
    WeChatIdentity.objects.create(user=user, appid="wx01", openid=f"oUpF8uMuAJO{tag}")
    LoginSession.objects.create(
        sid=tag, user=user, method="wechat", expires_at=timezone.now() + timedelta(days=1)
    )
    AccountDeletion.objects.create(
        user=user, requested_by=user, reason="不再使用", status="cancelled", due_at=timezone.now(),
        ended_at=timezone.now(),
    )  # fmt: skip
    LoginLog.objects.create(user=user, method="wechat", succeeded=False, reason="bad_code")
    EmailCode.objects.create(
        email="xiaoman@example.com", purpose="bind", digest=tag, state="sent",
        network="203.0.113.7", created_at=timezone.now(), expires_at=timezone.now(),
    )  # fmt: skip
    create_key(
        user.pk, name="合作医院", scopes=["counselor:read", "slot:read"], days=90, actor=None,
        networks=["203.0.113.0/24"],
    )  # fmt: skip
    PhoneCode.objects.create(
        phone="13800138000", purpose="login", digest=tag, provider="aliyun", state="sent",
        network="203.0.113.7", created_at=timezone.now(), expires_at=timezone.now(),
    )  # fmt: skip
    Notification.objects.create(
        user=user, channel="subscribe", template="order_paid", due_at=timezone.now(),
        context={"number": "ORD1"},
    )  # fmt: skip
    WeChatEvent.objects.create(
        key=tag, signature=tag, event="subscribe_msg_popup_event", handled=True,
        created_at=timezone.now(),
    )  # fmt: skip
    CachePurge.objects.create(namespace="throttle", removed=7, actor=user)
    OperationLog.objects.create(
        admin=user, admin_name="运营小林", module="commerce", operation="cancel", target_id="1",
        request_method="POST", request_url="/admin/", request_params={"action": "cancel"},
        status="success",
    )  # fmt: skip

"""What people are told about leave, and about sessions it hits.

Contexts hold no word about the client, and not why somebody is on leave.
"""

from datetime import datetime

from django.utils import timezone

from accounts.services.notifications import notify
from commerce.services.order_notices import subject_of
from counseling.models import Appointment, LeaveKind, LeaveRequest, LeaveStatus
from counseling.services.notices import THING, context_of, with_people


def decided(leave: LeaveRequest) -> None:
    """Tell the counselor how their request was decided."""
    approved = leave.status == LeaveStatus.APPROVED
    notify(
        leave.counselor.user,
        "leave_approved" if approved else "leave_rejected",
        dedupe_key=f"leave:{leave.pk}:{leave.status}",
        leave_id=leave.pk,
        start=_moment(leave.start_at),
        end=_moment(leave.end_at),
        note=leave.review_note or "无",
        hit=leave.affected.count(),
    )


def affected(appointment_id: int, leave: LeaveRequest, *, deadline: datetime) -> None:
    """Tell the client that the counselor will not come, and until when it is arranged."""
    why = "休假" if leave.kind == LeaveKind.LEAVE else "暂停接诊"
    _tell(
        appointment_id,
        "session_affected",
        f"session_affected:{leave.pk}:{appointment_id}",
        why=f"咨询师{why}"[:THING],
        deadline=_moment(deadline),
    )


def offered(appointment_id: int, *, offer: str, deadline: datetime) -> None:
    """Tell the client that there are other times to choose from; offer tells offers apart."""
    _tell(
        appointment_id,
        "session_offered",
        f"session_offered:{appointment_id}:{offer}",
        deadline=_moment(deadline),
    )


def kept(appointment_id: int) -> None:
    """Tell the client that the session takes place after all."""
    _tell(appointment_id, "session_kept", None, remark="预约照常进行")


def _tell(appointment_id: int, template: str, dedupe_key: str | None, **more) -> None:
    appointment: Appointment = with_people(appointment_id)
    notify(
        appointment.user,
        template,
        dedupe_key=dedupe_key,
        subject=subject_of(appointment.order_item.order_id),
        **context_of(appointment),
        **more,
    )


def _moment(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y年%m月%d日 %H:%M}"

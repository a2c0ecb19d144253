"""What the two sides of a dispute are told; never a word of what they wrote."""

from django.utils import timezone

from accounts.models import User
from accounts.services.notifications import notify
from counseling.models import Dispute, DisputeStatus
from counseling.services.notices import THING

_DECIDED = {
    DisputeStatus.UPHELD: "平台支持了来访者",
    DisputeStatus.REJECTED: "平台未支持该争议",
    DisputeStatus.WITHDRAWN: "来访者已撤回",
}


def opened(dispute: Dispute) -> None:
    """The client that it is taken up, the counselor until when to answer."""
    by = f"{timezone.localtime(dispute.answer_by):%m月%d日 %H:%M}"
    client, counselor = _sides(dispute)
    _tell(client, "dispute_opened", dispute, remark="已受理，等待咨询师说明")
    _tell(counselor, "dispute_opened", dispute, remark=f"请在{by}前说明")


def answered(dispute: Dispute) -> None:
    _tell(_sides(dispute)[0], "dispute_answered", dispute, remark="平台将尽快裁定")


def withdrawn(dispute: Dispute) -> None:
    _tell(_sides(dispute)[1], "dispute_decided", dispute, remark=_DECIDED[dispute.status])


def decided(dispute: Dispute) -> None:
    remark = _DECIDED[dispute.status]
    back = f"，退款 {dispute.refund:.2f} 元" if dispute.refund else ""
    note = f"。{dispute.decision_note}"
    for user in _sides(dispute):
        _tell(user, "dispute_decided", dispute, remark=remark, outcome=f"{back}{note}")


def _sides(dispute: Dispute) -> tuple[User, User]:
    return dispute.appointment.user, dispute.appointment.counselor.user


def _tell(user: User, template: str, dispute: Dispute, *, remark: str, outcome: str = "") -> None:
    notify(
        user,
        template,
        dedupe_key=f"{template}:{dispute.pk}:{user.pk}",
        subject=f"dispute:{dispute.pk}",
        appointment_id=dispute.appointment_id,
        number=dispute.number,
        appointment=dispute.appointment.number,
        remark=remark[:THING],
        outcome=outcome,
    )

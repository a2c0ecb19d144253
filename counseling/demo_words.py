"""What demo clients and counselors said and wrote about the sessions that took place."""

from accounts.models import User
from config.demo import Demo
from counseling.models import Appointment, AppointmentStatus, ReviewTag
from counseling.services.note_access import request_access
from counseling.services.notes import write_note
from counseling.services.reviews import hide_review, reply_to_review, write_review

COMMENTS = [
    "老师很耐心，第一次有人把我的话听完。", "聊完轻松了很多，回去试着做了呼吸练习。",
    "节奏有点快，不过建议很实用。", "",
]  # fmt: skip
NOTE = "来访者情绪较上次平稳，继续讨论工作中的边界；下次回顾本周的记录。"


def talk_about(demo: Demo) -> None:
    """Reviews answered, unanswered and hidden; notes; two wishes to read them."""
    held = Appointment.objects.filter(status=AppointmentStatus.COMPLETED).order_by("pk")
    sessions = list(held.select_related("user", "counselor__user"))
    for number, session in enumerate(sessions):
        write_note(session.pk, author=session.counselor.user, note=NOTE)
        if session.user_id != demo.accounts["client"]["id"]:
            _review(demo, session, number)
    _ask(demo, sessions[:2])


def _review(demo: Demo, session: Appointment, number: int) -> None:
    review = write_review(
        session.pk, user=session.user, rating=demo.random.choice([3, 4, 5, 5]),
        comment=demo.random.choice(COMMENTS), tags=demo.random.sample(ReviewTag.values, 2),
        is_anonymous=number % 4 != 0,
    )  # fmt: skip
    if number % 3 == 0:
        reply_to_review(review.pk, actor=session.counselor.user, reply="谢谢你的信任。")
    elif number % 5 == 4:
        admin = User.objects.get(pk=demo.accounts["admin"]["id"])
        hide_review(review.pk, actor=admin, reason="含有联系方式")


def _ask(demo: Demo, sessions: list[Appointment]) -> None:
    """By super_admin; that somebody else says yes is left to whoever tries it."""
    root = User.objects.get(pk=demo.accounts["super_admin"]["id"])
    for session in sessions:
        request_access(session.pk, actor=root, reason="接到投诉，需要核查")

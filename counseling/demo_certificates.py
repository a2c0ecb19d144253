"""Demo certificates, and people who want to counsel."""

from datetime import date, timedelta
from io import BytesIO

from django.utils import timezone
from PIL import Image, ImageDraw

from accounts.models import User
from accounts.services.registration import create_user
from config.demo import PASSWORD, Demo
from counseling.models import Qualification, QualificationKind
from counseling.services.applications import save_application, submit_application
from counseling.services.qualifications import approve_qualification, submit_qualification
from media.models import Purpose
from media.services.uploads import store_upload


def certify(demo: Demo, user: User, number: int) -> None:
    """Approved, for good or for years; every sixth has another one that waits, or ends soon."""
    years = [None, 3, 5][number % 3]
    today = timezone.localdate()
    end = today.replace(month=12, day=28, year=today.year + years) if years else None
    approve_qualification(_hand_in(demo, user, end).pk, actor=None)
    if number % 6 == 1:
        _hand_in(demo, user, today + timedelta(days=3 * 365))
    if number % 6 == 2:
        soon = _hand_in(demo, user, today + timedelta(days=20))
        approve_qualification(soon.pk, actor=None)


def _hand_in(demo: Demo, user: User, expires_on: date | None) -> Qualification:
    scan = store_upload(user, purpose=Purpose.QUALIFICATION, name="证书扫描件.png", **_scan(demo))
    return submit_qualification(
        user=user,
        kind=QualificationKind.REGISTRATION if expires_on else QualificationKind.LICENCE,
        number=f"X-{demo.random.randrange(2012, 2024)}-{demo.random.randrange(10**5):05}",
        issuer="中国心理学会注册系统" if expires_on else "人力资源和社会保障部",
        issued_on=date(2019, 6, 1),
        expires_on=expires_on,
        file_ids=[scan.pk],
    )


def _scan(demo: Demo) -> dict:
    """A page with a frame, lines and a seal."""
    image = Image.new("RGB", (640, 450), (252, 250, 242))
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, 620, 430), outline=(180, 140, 60), width=6)
    for line in range(5):
        draw.line((90, 130 + line * 40, 430 + line * 20, 130 + line * 40), (120,) * 3, 4)
    draw.ellipse((430, 270, 560, 400), outline=(200, 40, 40), width=8)
    out = BytesIO()
    image.save(out, "PNG")
    return {"content": BytesIO(out.getvalue()), "size": out.tell()}


def make_applicants(demo: Demo, titles: list[str], bio: str) -> None:
    """Two who wait for staff."""
    for number in range(2):
        user = create_user(username=f"applicant-{number + 1}", password=PASSWORD)
        tags = demo.random.sample(demo.made["tags"], 2)
        _hand_in(demo, user, None)
        save_application(
            user=user, name=demo.person_name(), title=titles[number], city="杭州",
            gender="female", bio=bio.format(topic=tags[0].name, hours=600), practice_years=4,
            practice_hours=600, supervision_hours=90, languages=["普通话"],
            training="认知行为治疗两年连续培训", specialty_ids=[tag.pk for tag in tags],
        )  # fmt: skip
        submit_application(user=user)

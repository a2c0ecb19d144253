"""Figures about claims, and what of the farms waits for somebody."""

from datetime import datetime

from django.db.models import Count

from accounts.models import User
from accounts.scope import seen_by
from config.dashboard import TREND_DAYS, Figure, Line, Panel, Queue
from config.days import Daily, by_day
from config.measures import Measure
from farm.models import AgreementStatus, Animal, AnimalClaim, ClaimAgreement, Listing

_SEE, _REVIEW = "farm.view_animalclaim", "farm.review_animal"
_AGREEMENTS = "farm.view_claimagreement"

CLAIMS = Measure(
    "animal_claims",
    "动物认领",
    lambda: AnimalClaim.objects.filter(claimed_at__isnull=False),
    moment="claimed_at",
    feature=True,
)
MEASURES = [CLAIMS]


def claims(now: datetime, *, viewer: User | None = None, count: int = TREND_DAYS) -> Daily:
    """Claims by the day they became active, whatever became of them."""
    rows = seen_by(AnimalClaim.objects.all(), viewer, _SEE)
    return by_day(rows, "claimed_at", now=now, count=count, claims=(Count, "pk"))["claims"]


def animals_in_review(viewer: User | None = None) -> int:
    return seen_by(Animal.objects.filter(listing=Listing.REVIEWING), viewer, _REVIEW).count()


def ends_asked(viewer: User | None = None) -> int:
    asked = AnimalClaim.objects.filter(status="active", end_asked_at__isnull=False)
    return seen_by(asked, viewer, _SEE).count()


def failed_agreements(viewer: User | None = None) -> int:
    failed = ClaimAgreement.objects.filter(status=AgreementStatus.FAILED)
    return seen_by(failed, viewer, _AGREEMENTS).count()


def panel(user: User, now: datetime) -> Panel:
    """The dashboard's part about animals."""
    figures, queues, lines = [], [], []
    if user.has_perm(_SEE):
        page, daily = "admin:farm_animalclaim_changelist", claims(now, viewer=user)
        figures.append(Figure("新认领", daily, "volunteer_activism", page))
        lines.append(Line("近 14 天业务量", "新认领", daily))
        query = "end_asked_at__isnull=False&status__exact=active"
        queues.append(Queue("申请提前结束的认领", ends_asked(user), page, query))
    if user.has_perm(_REVIEW):
        page, query = "admin:farm_animal_changelist", "listing__exact=reviewing"
        queues.append(Queue("待审核的动物", animals_in_review(user), page, query))
    if user.has_perm(_AGREEMENTS):
        page, query = "admin:farm_claimagreement_changelist", "status__exact=failed"
        queues.append(Queue("无法生成的认领协议", failed_agreements(user), page, query))
    return Panel(figures, queues, lines)

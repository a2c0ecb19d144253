"""Pictures that the two sides of a dispute put in."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from accounts.models import User
from commerce.services.pictures import add_pictures, find_uploads
from counseling.models import Dispute, DisputeEvidence, Side
from media.models import Purpose


def put_in(dispute: Dispute, ids: Sequence[int], *, actor: User, side: Side) -> None:
    """Uploads of one's own, each in one dispute; ImageUnknown, ImageUsed.  Call it in the
    transaction that records what they go with."""
    if ids:
        files = find_uploads(ids, Q(owner=actor), purpose=Purpose.EVIDENCE)
        add_pictures(dispute.evidence, files, side=side)


def evidence_for(dispute: Dispute, viewer: User) -> QuerySet[DisputeEvidence]:
    """In the order they were put in; nothing for who has no part in deciding it."""
    known = Dispute.objects.evident_to(viewer).filter(pk=dispute.pk)
    return DisputeEvidence.objects.filter(dispute__in=known).select_related("file").order_by("pk")


def files_for(viewer: User) -> QuerySet:
    """Ids of the files that settings.SHARED_FILES opens to `viewer`."""
    disputes = Dispute.objects.evident_to(viewer)
    return DisputeEvidence.objects.filter(dispute__in=disputes).values("file_id")

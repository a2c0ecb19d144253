from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from accounts.audit import log_request
from accounts.scope import scoped
from config.api.filters import FilterBackend
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import IllegalTransition, NotFound, ReasonNeeded
from counseling import errors
from counseling.filters import NoteAccessFilter, SessionNoteFilter
from counseling.models import NoteAccess, SessionNote
from counseling.serializers.notes import (
    AskSerializer,
    ChangeNoteSerializer,
    MyNoteAccessSerializer,
    NoteAccessSerializer,
    OpenedNoteSerializer,
    RejectSerializer,
    SessionNoteDetailSerializer,
    SessionNoteSerializer,
    WriteNoteSerializer,
)
from counseling.services import note_access, notes

PRACTISE = "counseling.practise"
SEE, ASK, APPROVE = "counseling.view_noteaccess", note_access.ASK, note_access.APPROVE
UNKEPT = {"Cache-Control": "no-store"}


class LoggedViewSet(ApiViewSet):
    """Whoever calls one of logged_actions stands in the operation log once, refused or not."""

    logged_actions: frozenset[str] = frozenset()

    def initial(self, request, *args, **kwargs):
        if self.action in self.logged_actions and request.user.is_authenticated:
            log_request(request, request.user)
        super().initial(request, *args, **kwargs)


class SessionNoteViewSet(LoggedViewSet):
    """/session-note: what a counselor wrote about sessions; no role opens another's."""

    serializer_class = SessionNoteSerializer
    queryset = SessionNote.objects.none()
    filter_backends = [FilterBackend]
    filterset_class = SessionNoteFilter
    log_target = "session_note"
    logged_actions = frozenset({"retrieve", "create", "update", "lock"})
    permissions = dict.fromkeys(("list", "retrieve", "create", "update", "lock"), PRACTISE)
    summaries = {
        "list": "我的咨询记录（不含内容）",
        "retrieve": "一条咨询记录",
        "create": "写咨询记录",
        "update": "修改咨询记录",
        "lock": "锁定咨询记录",
    }
    refusals = {
        "create": (NotFound, errors.NoteNotPossible, errors.NotStartedYet),
        "update": (NotFound, errors.NoteLocked),
        "lock": (NotFound, errors.NoteLocked),
    }

    def list(self, request):
        """Without their words, which are read one by one."""
        return self.page(self.filter_queryset(self._own().defer("note")).order_by("-pk"))

    @extend_schema(responses=SessionNoteDetailSerializer)
    def retrieve(self, request, pk):
        """Its words; the reading stands in the operation log."""
        row = get_object_or_404(self._own(), pk=pk)
        return Response(SessionNoteDetailSerializer(row).data, headers=UNKEPT)

    @extend_schema(request=WriteNoteSerializer, responses={201: SessionNoteSerializer})
    def create(self, request):
        row = notes.write_note(author=request.user, **self.body(WriteNoteSerializer))
        return Response(SessionNoteSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=ChangeNoteSerializer)
    def update(self, request, pk):
        body = self.body(ChangeNoteSerializer)
        row = notes.change_note(int(pk), author=request.user, **body)
        return Response(SessionNoteSerializer(row).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def lock(self, request, pk):
        """Before its time; what there is to add goes into another one."""
        row = notes.lock_note(int(pk), author=request.user)
        return Response(SessionNoteSerializer(row).data)

    def _own(self):
        return SessionNote.objects.visible_to(self.request.user)


class NoteAccessViewSet(LoggedViewSet):
    """/note-access: reading others' notes by a reason and a second person's yes."""

    serializer_class = NoteAccessSerializer
    queryset = NoteAccess.objects.none()
    filter_backends = [FilterBackend]
    filterset_class = NoteAccessFilter
    log_target = "note_access"
    logged_actions = frozenset({"create", "approve", "reject", "close", "notes"})
    permissions = {
        "list": SEE, "create": ASK, "approve": APPROVE, "reject": APPROVE, "close": SEE,
        "notes": ASK, "mine": LOGIN,
    }  # fmt: skip
    step_up = frozenset({"approve", "notes"})
    summaries = {
        "list": "咨询记录查阅申请",
        "create": "申请查阅咨询记录",
        "approve": "批准查阅",
        "reject": "拒绝查阅",
        "close": "结束查阅",
        "notes": "查阅咨询记录",
        "mine": "谁查阅过我的咨询记录",
    }
    _deciding = (NotFound, IllegalTransition, errors.NoteAccessNeedsAnother)
    refusals = {
        "create": (NotFound, ReasonNeeded, errors.NoteAccessOwnSession),
        "approve": _deciding,
        "reject": _deciding,
        "close": (NotFound, IllegalTransition),
        "notes": (NotFound, errors.NoteAccessNotOpen),
    }

    def list(self, request):
        rows = scoped(NoteAccess.objects.all(), request.user, SEE)
        return self.page(
            self.filter_queryset(rows).select_related("requested_by", "decided_by").order_by("-pk")
        )

    @extend_schema(request=AskSerializer, responses={201: NoteAccessSerializer})
    def create(self, request):
        """The two sides of the session read the reason once it is approved."""
        access = note_access.request_access(actor=request.user, **self.body(AskSerializer))
        return Response(NoteAccessSerializer(access).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def approve(self, request, pk):
        """By somebody who neither asked nor took part; for NOTE_ACCESS_HOURS."""
        access = note_access.approve_access(int(pk), actor=request.user)
        return Response(NoteAccessSerializer(access).data)

    @extend_schema(request=RejectSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request, pk):
        body = self.body(RejectSerializer)
        access = note_access.reject_access(int(pk), actor=request.user, **body)
        return Response(NoteAccessSerializer(access).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def close(self, request, pk):
        access = note_access.close_access(int(pk), actor=request.user)
        return Response(NoteAccessSerializer(access).data)

    @extend_schema(responses=OpenedNoteSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def notes(self, request, pk):
        """For whoever asked, while it is open; each reading is counted and logged."""
        rows = note_access.read_notes(int(pk), actor=request.user)
        return Response(OpenedNoteSerializer(rows, many=True).data, headers=UNKEPT)

    @extend_schema(responses=MyNoteAccessSerializer(many=True))
    @action(detail=False)
    def mine(self, request):
        """What was opened about sessions of one's own."""
        rows = NoteAccess.objects.visible_to(request.user)
        return self.page(self.filter_queryset(rows).order_by("-pk"), MyNoteAccessSerializer)

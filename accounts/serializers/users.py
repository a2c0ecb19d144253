from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Gender, TagColour, User
from accounts.serializers.profile import BirthdayField, GenderField
from accounts.services.behavior import behavior_of
from accounts.services.login import LONGEST_PASSWORD
from accounts.services.people import counts_of
from accounts.services.roles import role_codes, role_codes_of
from accounts.services.tags import tags_of
from config.api.serializers import ApiModelSerializer
from config.masking import mask_email, mask_phone


class TagSerializer(serializers.Serializer):
    """A tag on somebody."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    colour = serializers.ChoiceField(choices=TagColour.choices)


class StaffUserSerializer(ApiModelSerializer):
    """A person as staff see them: phone and email masked."""

    gender = serializers.SerializerMethodField()
    phone = serializers.SerializerMethodField()
    email = serializers.SerializerMethodField()
    roles = serializers.SerializerMethodField()
    tags = serializers.SerializerMethodField()
    last_active_at = serializers.DateTimeField(allow_null=True)

    class Meta:
        model = User
        fields = [
            "id",
            "username",
            "nickname",
            "avatar",
            "gender",
            "birthday",
            "phone",
            "email",
            "status",
            "is_staff",
            "roles",
            "organisation_id",
            "tags",
            "created_at",
            "last_active_at",
        ]

    @extend_schema_field(serializers.ChoiceField(choices=Gender.choices, allow_null=True))
    def get_gender(self, user) -> str | None:
        return user.gender or None

    @extend_schema_field(TagSerializer(many=True))
    def get_tags(self, user) -> list[dict]:
        tags = sorted(user.tags.all(), key=lambda tag: tag.name)
        return [{"id": tag.pk, "name": tag.name, "colour": tag.colour} for tag in tags]

    def get_phone(self, user) -> str | None:
        return mask_phone(user.phone) if user.phone else None

    def get_email(self, user) -> str | None:
        return mask_email(user.email) if user.email else None

    def get_roles(self, user) -> list[str]:
        return role_codes(user)


STAFF_COLUMNS = [name for name in StaffUserSerializer.Meta.fields if name not in ("roles", "tags")]


def staff_rows(people: list[dict]) -> list[dict]:
    """Rows of STAFF_COLUMNS as StaffUserSerializer would show them, in two more statements."""
    ids = [person["id"] for person in people]
    roles, tags = role_codes_of(ids), tags_of(ids)
    for person in people:
        person["gender"] = person["gender"] or None
        person["phone"] = mask_phone(person["phone"]) if person["phone"] else None
        person["email"] = mask_email(person["email"]) if person["email"] else None
        person["roles"], person["tags"] = roles[person["id"]], tags[person["id"]]
    return people


class RelatedSerializer(serializers.Serializer):
    """How many rows of something the person has; what the caller may not see is left out."""

    key = serializers.CharField()
    title = serializers.CharField()
    total = serializers.IntegerField()


class SeriesSerializer(serializers.Serializer):
    """values: a number per day from `from` to `to`."""

    key = serializers.CharField()
    title = serializers.CharField()
    values = serializers.ListField(child=serializers.IntegerField())


class BehaviorSerializer(serializers.Serializer):
    """The last 90 days of Asia/Shanghai; what the caller may not see is left out.

    logins_by_device: by the device's own name, else its platform, "" for neither; ten at most.
    """

    to = serializers.DateField()
    series = SeriesSerializer(many=True)
    logins_by_method = serializers.DictField(child=serializers.IntegerField())
    logins_by_device = serializers.DictField(child=serializers.IntegerField())

    def get_fields(self):
        return {"from": serializers.DateField()} | super().get_fields()


class StaffUserDetailSerializer(StaffUserSerializer):
    """related: orders, appointments, logins and the like, in numbers.  behavior: by day."""

    related = serializers.SerializerMethodField()
    behavior = serializers.SerializerMethodField()

    class Meta(StaffUserSerializer.Meta):
        fields = [*StaffUserSerializer.Meta.fields, "related", "behavior"]

    @extend_schema_field(BehaviorSerializer)
    def get_behavior(self, user) -> dict:
        viewer = self.context["request"].user
        found = vars(behavior_of(user, viewer=viewer, now=timezone.now()))
        days = found["days"]
        return BehaviorSerializer(found | {"from": days[0], "to": days[-1]}).data

    @extend_schema_field(RelatedSerializer(many=True))
    def get_related(self, user) -> list[dict]:
        return counts_of(user, viewer=self.context["request"].user)


class ReasonBody(serializers.Serializer):
    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class StaffUserBody(serializers.Serializer):
    """Any subset.  Phone, email and roles are never changed here."""

    nickname = serializers.CharField(max_length=32, required=False, allow_blank=True)
    gender = GenderField(required=False)
    birthday = BirthdayField(required=False, allow_null=True)


class NewUserBody(StaffUserBody):
    """password: the first one; the person has to choose another."""

    username = serializers.CharField(max_length=32)
    password = serializers.CharField(
        max_length=LONGEST_PASSWORD, trim_whitespace=False, write_only=True
    )


class AssignRoleBody(serializers.Serializer):
    role = serializers.SlugField(max_length=32)

from rest_framework import serializers

from accounts.models import ExportFormat, ExportJob
from accounts.services.export_kinds import kind_label
from accounts.services.exports import download_url
from config.api.serializers import ApiModelSerializer


class ExportJobSerializer(ApiModelSerializer):
    """progress: per cent of the rows.  download_url: ten minutes, for the person who asked only."""

    label = serializers.SerializerMethodField()
    filters = serializers.JSONField(read_only=True)
    progress = serializers.SerializerMethodField()
    download_url = serializers.SerializerMethodField()

    class Meta:
        model = ExportJob
        fields = [
            "id",
            "kind",
            "label",
            "format",
            "filters",
            "columns",
            "unmasked",
            "reason",
            "status",
            "total",
            "done",
            "progress",
            "size",
            "error",
            "downloads",
            "created_at",
            "started_at",
            "finished_at",
            "expires_at",
            "download_url",
        ]

    def get_label(self, job) -> str:
        return kind_label(job.kind)

    def get_progress(self, job) -> int:
        return job.progress

    def get_download_url(self, job) -> str | None:
        return download_url(job)


class OwnExportBody(serializers.Serializer):
    """filters: those of the list with the same rows.  No columns, no format: the usual ones."""

    filters = serializers.DictField(
        child=serializers.CharField(max_length=2000, allow_blank=True), required=False, default=dict
    )
    columns = serializers.ListField(
        child=serializers.CharField(max_length=32), required=False, default=list, max_length=100
    )
    format = serializers.ChoiceField(choices=ExportFormat.choices, required=False, default="")


class ExportBody(OwnExportBody):
    """unmasked: numbers in full, for who may have that and says why."""

    unmasked = serializers.BooleanField(required=False, default=False)
    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class TokenQuery(serializers.Serializer):
    token = serializers.CharField(help_text="download_url 中的令牌")

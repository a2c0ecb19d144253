import django_filters

from media.models import File, Purpose


class FileFilter(django_filters.FilterSet):
    purpose = django_filters.ChoiceFilter(choices=Purpose.choices)

    class Meta:
        model = File
        fields = ["purpose"]

from rest_framework import serializers

from content.serializers import DiseaseTagSerializer


class CountedTagSerializer(DiseaseTagSerializer):
    counselor_count = serializers.IntegerField()

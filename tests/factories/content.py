import factory

from content.models import Category, DiseaseTag


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Category

    name = factory.Sequence(lambda n: f"分类{n}")
    slug = factory.Sequence(lambda n: f"category-{n}")


class DiseaseTagFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DiseaseTag

    name = factory.Sequence(lambda n: f"困扰{n}")

from content.models.taxonomy import Category, DiseaseTag

__all__ = ["Category", "DiseaseTag"]

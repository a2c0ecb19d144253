"""What the routes of content promise to whom."""

from config.api.permissions import PUBLIC
from tests.contract.matrix.check import Case
from tests.contract.matrix.table.cases import staff


def _category(world) -> dict:
    return {"name": "关系", "slug": "relations"}


def _tag(world) -> dict:
    return {"name": "抑郁"}


TABLE: dict[str, Case] = {
    "GET /category": Case(PUBLIC, scope="category:read"),
    "GET /category/<pk>": Case(PUBLIC, path={"pk": "category_id"}, scope="category:read"),
    "POST /category": staff("content.add_category", body=_category),
    "PUT /category/<pk>": staff("content.change_category", body=_category, pk="category_id"),
    "PATCH /category/<pk>": staff("content.change_category", body=_category, pk="category_id"),
    "DELETE /category/<pk>": staff("content.delete_category", pk="category_id"),
    "GET /disease-tags": Case(PUBLIC, scope="tag:read"),
    "GET /disease-tags/<pk>": Case(PUBLIC, path={"pk": "tag_id"}, scope="tag:read"),
    "POST /disease-tags": staff("content.add_diseasetag", body=_tag),
    "PUT /disease-tags/<pk>": staff("content.change_diseasetag", body=_tag, pk="tag_id"),
    "PATCH /disease-tags/<pk>": staff("content.change_diseasetag", body=_tag, pk="tag_id"),
    "DELETE /disease-tags/<pk>": staff("content.delete_diseasetag", pk="tag_id"),
    "POST /disease-tags/<pk>/merge": staff(
        "content.delete_diseasetag", pk="tag_id", body=lambda world: {"into": world.other_tag_id}
    ),
}  # fmt: skip

"""What each route promises to whom, app by app.  A route that is not here fails the matrix."""

from config.api.permissions import PUBLIC
from tests.contract.matrix.check import Case
from tests.contract.matrix.table import accounts, commerce, content, counseling, farm, media

TABLE: dict[str, Case] = {
    "GET /health": Case(PUBLIC),
    **accounts.TABLE,
    **media.TABLE,
    **content.TABLE,
    **commerce.TABLE,
    **counseling.TABLE,
    **farm.TABLE,
}


def case_for(route) -> Case | None:
    return TABLE.get(f"{route.method} {route.path.removeprefix('/api/v1')}")

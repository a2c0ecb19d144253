import pytest

from media.tasks import purge_file
from tests.helpers import Api


@pytest.fixture
def post_file():
    """post_file(api, "/file/upload", upload, purpose="image")"""

    def post(api: Api, path: str, file, **fields):
        body = fields | ({} if file is None else {"file": file})
        return api.client.post(f"/api/v1{path}", body, headers=api.headers)

    return post


@pytest.fixture
def purge(django_capture_on_commit_callbacks):
    """Run a block and, as the worker would, remove the bytes of what it deleted."""
    from media.models import File

    def run(job):
        with django_capture_on_commit_callbacks():
            result = job()
        for pk in File.objects.filter(status="deleted").values_list("pk", flat=True):
            purge_file(pk)
        return result

    return run

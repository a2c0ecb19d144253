"""Control calls about stored objects: what only the store's owner sees."""

from typing import Any

from ..control import PREFIX, ControlError, read_number, read_object
from ..web import FilePart, Request, Response, Router
from .objects import Stored


class S3Control:
    def __init__(self, rail):
        self._rail = rail

    def add_to(self, router: Router) -> None:
        base = f"{PREFIX}/s3"
        router.add("GET", f"{base}/objects", self._list)
        router.add("DELETE", f"{base}/objects", self._delete)
        router.add("GET", f"{base}/object", lambda r: self._describe(self._need(r)))
        router.add("GET", f"{base}/content", self._content)
        router.add("GET", f"{base}/uploads", lambda r: {"uploads": self._rail.uploads.describe()})
        router.add("POST", f"{base}/age-links", self._age_links)
        router.add("GET", f"{base}/cdn-rules", lambda r: self._rail.cdn.rules)
        router.add("POST", f"{base}/cdn-rules", self._change_rules)

    def _list(self, request: Request) -> dict[str, Any]:
        rows = self._rail.objects.all(request.query.get("prefix", ""))
        return {"objects": [self._describe(stored) for stored in rows]}

    def _delete(self, request: Request) -> dict[str, Any]:
        """The object `key`, or all whose key begins with `prefix`."""
        key, prefix = request.query.get("key"), request.query.get("prefix")
        if (key is None) == (prefix is None):
            raise ControlError("key or prefix: one of the two")
        keys = [key] if prefix is None else [row.key for row in self._rail.objects.all(prefix)]
        return {"deleted": [name for name in keys if self._rail.objects.delete(name)]}

    def _content(self, request: Request) -> Response:
        found = self._rail.objects.open(request.query.get("key", ""))
        if found is None:
            raise ControlError("no such object", 404)
        stored, file = found
        return Response(200, b"", {"Content-Type": stored.type}, part=FilePart(file, stored.size))

    def _age_links(self, request: Request) -> dict[str, Any]:
        seconds = read_number(read_object(request), "seconds")
        self._rail.links.grow_old(seconds)
        return {"seconds": seconds}

    def _change_rules(self, request: Request) -> Any:
        order = read_object(request)
        if unknown := set(order) - set(vars(self._rail.cdn.rules)):
            raise ControlError(f"cdn-rules: unknown {sorted(unknown)}")
        if "life" in order:
            read_number(order, "life")
        return self._rail.cdn.change_rules(order)

    def _need(self, request: Request) -> Stored:
        stored = self._rail.objects.find(request.query.get("key", ""))
        if stored is None:
            raise ControlError("no such object", 404)
        return stored

    def _describe(self, stored: Stored) -> dict[str, Any]:
        hidden = ("blob", "modified")
        row = {name: value for name, value in vars(stored).items() if name not in hidden}
        return row | {"type": stored.type, "modified_at": stored.modified}

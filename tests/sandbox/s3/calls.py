"""The control client's calls about stored objects."""

from typing import Any

Json = dict[str, Any]


class S3Calls:
    def objects(self, prefix: str = "") -> list[Json]:
        """key, size, type, etag, sha256, headers and modified_at, in the order of keys."""
        return self._get("/s3/objects", {"prefix": prefix})["objects"]

    def object(self, key: str) -> Json:
        return self._get("/s3/object", {"key": key})

    def object_bytes(self, key: str) -> bytes:
        return self._bytes("/s3/content", {"key": key})

    def delete_object(self, key: str) -> bool:
        """Make an object vanish; whether there was one."""
        return bool(self._call("DELETE", "/s3/objects", params={"key": key})["deleted"])

    def delete_objects(self, prefix: str) -> list[str]:
        """Remove all objects whose key begins so ("" for all); answers the keys."""
        return self._call("DELETE", "/s3/objects", params={"prefix": prefix})["deleted"]

    def uploads(self) -> list[Json]:
        """Multipart uploads neither completed nor aborted: id, key, started_at, parts."""
        return self._get("/s3/uploads")["uploads"]

    def age_links(self, seconds: float) -> None:
        """Make every link and upload form signed until now that much older.

        Takes up to a second, so that what is signed afterwards has a later date.
        """
        self._post("/s3/age-links", {"seconds": seconds})

    def cdn_rules(self, **changes: Any) -> Json:
        """`life` of a link in seconds, allowed `referers` (hosts), `allow_empty` referers."""
        return self._post("/s3/cdn-rules", changes)

"""Examples for the API's documentation, made from the schemas so that they never disagree."""

DEEPEST = 6
BY_NAME = {
    "tracking_number": "SF1234567890",
    "phone": "13800138000", "emergency_phone": "13800138001", "email": "xiaoban@example.com",
    "nickname": "小伴", "name": "林晓", "username": "xiaoban", "title": "国家二级心理咨询师",
    "city": "上海", "description": "首次咨询前的说明", "reason": "临时有事", "note": "最近睡眠不好",
    "token": "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo",
    "access": "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo",
    "refresh": "eyJhbGciOiJIUzI1NiJ9.e30.1UhBBgN0yOZlTZJLIyHDuRJ-ZXkvNpkcBBmzCwVRSJ8",
    "password": "wan-feng-chui-guo-2026", "new_password": "chun-shui-chu-sheng-2026",
    "old_password": "wan-feng-chui-guo-2026", "number": "ORD20260901A7K2M9P4X0Q8Z",
    "order_number": "ORD20260901A7K2M9P4X0Q8Z", "prepay_id": "wx201410272009395522657a690389285100",
    "method": "wechat", "ip_address": "203.0.113.7", "slug": "anxiety", "icon": "favorite",
    "version": 1, "page": 1, "size": 10, "total": 1, "expires_in": 900, "quantity": 1,
    "rating": 5,
    "start_time": "09:00", "end_time": "12:00", "birthday": "1998-05-20",
    "birth_date": "1998-05-20", "role": "content_manager", "code": "content_manager",
    "parent": "content_manager",
    "kind": "booking", "device_name": "iPhone 15", "platform": "ios",
}  # fmt: skip
BY_FORMAT = {
    "date-time": "2026-09-01T12:00:00Z",
    "date": "2026-09-01",
    "time": "09:00:00",
    "uri": "https://cdn.example.com/a.png",
    "email": "xiaoban@example.com",
    "uuid": "8c9f0f2a-5f0b-4a0f-8a1f-2b3c4d5e6f70",
    "ipv4": "203.0.113.7",
    "double": 300.00,
    "decimal": 300.00,
}


def add_examples(document: dict) -> None:
    """Give every request body and every success of the document an example, where it has none."""
    schemas = document.get("components", {}).get("schemas", {})
    for path in document.get("paths", {}).values():
        for operation in path.values():
            if "requestBody" in operation:
                _fill(operation["requestBody"], schemas, sent=True)
            for status, response in operation.get("responses", {}).items():
                if status.startswith("2"):
                    _fill(response, schemas, sent=False)


def _fill(body: dict, schemas: dict, *, sent: bool) -> None:
    for media in body.get("content", {}).values():
        if "schema" in media and not media.keys() & {"example", "examples"}:
            media["example"] = example(media["schema"], schemas, sent=sent)


def example(schema: dict, schemas: dict, *, sent: bool, name: str = "", depth: int = 0):
    """A value that fits `schema`.  sent: what a client sends, so nothing read-only."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    if "example" in schema:
        return schema["example"]
    for several in ("allOf", "oneOf", "anyOf"):
        if schema.get(several):
            return example(schema[several][0], schemas, sent=sent, name=name, depth=depth)
    if schema.get("enum"):
        return next(value for value in schema["enum"] if value not in {None, ""})
    if isinstance(schema.get("default"), bool | int | float) or schema.get("default"):
        return schema["default"]
    kind = schema.get("type")
    if kind == "array":
        if depth > DEEPEST:
            return []
        return [example(schema["items"], schemas, sent=sent, name=name, depth=depth + 1)]
    if kind == "object" or "properties" in schema:
        hidden = "readOnly" if sent else "writeOnly"
        return {
            key: example(part, schemas, sent=sent, name=key, depth=depth + 1)
            for key, part in schema.get("properties", {}).items()
            if not part.get(hidden)
        }
    return _plain(schema, kind, name)


def _plain(schema: dict, kind: str | None, name: str):
    if kind == "boolean":
        return True
    if kind in {"integer", "number"}:
        value = BY_NAME.get(name, BY_FORMAT.get(schema.get("format"), 1))
        value = value if isinstance(value, int | float) else 1
        return min(max(value, schema.get("minimum", value)), schema.get("maximum", value))
    known = BY_NAME.get(name)
    text = BY_FORMAT.get(schema.get("format")) or (known if isinstance(known, str) else "文字")
    text = str(text).ljust(schema.get("minLength", 0), "字")
    return text[: schema.get("maxLength", len(text))]

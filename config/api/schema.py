"""OpenAPI that describes what really comes: the envelope, pages and every action's refusals."""

from collections import defaultdict

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import override
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, is_list_serializer
from rest_framework.fields import ChoiceField
from rest_framework.permissions import SAFE_METHODS

from config.api.examples import add_examples
from config.api.exceptions import GENERAL
from config.api.permissions import LOGIN, PUBLIC
from config.errors import Busy, DomainError, ServiceUnavailable

PREFIX = "/api/v1/"
WITH_BODY = {"POST", "PUT", "PATCH"}
VERBS = {
    "list": "{}列表",
    "retrieve": "{}详情",
    "create": "新建{}",
    "update": "修改{}",
    "partial_update": "修改{}（部分字段）",
    "destroy": "删除{}",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "同一个键与同样的内容重复提交，得到第一次的结果；内容不同则拒绝。保留 7 天。",
    "schema": {"type": "string", "minLength": 8, "maxLength": 128, "pattern": "^[!-~]{8,128}$"},
}


def only_versioned_paths(endpoints, **kwargs):
    """The unversioned alias answers too, but only /api/v1 is documented."""
    return [entry for entry in endpoints if entry[0].startswith(PREFIX)]


def finish(result, generator, request, public):
    """drf-spectacular's last hook: an example for every body that has none."""
    add_examples(result)
    return result


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.tokens.TokenAuthentication"
    name = "Bearer"

    def get_security_definition(self, auto_schema):
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "登录接口返回的 access 令牌，有效期 15 分钟；用 refresh 令牌换新的。",
        }


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api_keys.ApiKeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema):
        return {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "第三方的密钥，由平台工作人员创建；只能调用标有此项的接口。",
        }


class EnvelopeSchema(AutoSchema):
    """What a viewset says is taken from it: permissions, refusals, summaries, page and filters."""

    @property
    def action(self) -> str:
        return getattr(self.view, "action", None) or ""

    @property
    def rule(self) -> str | None:
        return getattr(self.view, "permissions", {}).get(self.action)

    @property
    def idempotent(self) -> bool:
        handler = getattr(self.view, self.action, None)
        return getattr(handler, "takes_idempotency_key", False)

    def get_operation(self, *args, **kwargs):
        """Name the model by the serializer: asking for rows needs a person and a database."""
        model = self._model()
        if model is not None:
            self.view.queryset = model._base_manager.none()
        return super().get_operation(*args, **kwargs)

    def _model(self):
        queryset = getattr(self.view, "queryset", None)
        if queryset is not None:
            return queryset.model
        serializer = getattr(self.view, "serializer_class", None)
        return getattr(getattr(serializer, "Meta", None), "model", None)

    def _map_serializer_field(self, field, direction, bypass_extensions=False):
        """A choice that may be left empty says so when it is read, too."""
        if isinstance(field, ChoiceField) and field.read_only and not field.allow_blank:
            model = getattr(getattr(field.parent, "Meta", None), "model", None)
            if model is not None and field.source in {f.name for f in model._meta.fields}:
                field.allow_blank = model._meta.get_field(field.source).blank
        return super()._map_serializer_field(field, direction, bypass_extensions)

    def _postprocess_serializer_schema(self, schema, serializer, direction):
        """An address that nobody gave is ""."""
        for field in schema.get("properties", {}).values() if direction == "response" else ():
            if field.get("format") in {"uri", "email"}:
                del field["format"]
        return super()._postprocess_serializer_schema(schema, serializer, direction)

    def _is_list_view(self, serializer=None):
        """What has no pages is no list, even when its action is called list."""
        if self.action == "list" and self.view.pagination_class is None:
            return is_list_serializer(serializer)
        return super()._is_list_view(serializer)

    def get_summary(self):
        named = getattr(self.view, "summaries", {}).get(self.action)
        if named or self.action not in VERBS:
            return named
        model = self._model()
        return VERBS[self.action].format(model._meta.verbose_name) if model else None

    def get_auth(self):
        auth = super().get_auth()
        if self.action not in getattr(self.view, "scopes", ()):
            auth = [scheme for scheme in auth if ApiKeyScheme.name not in scheme]
        return [*auth, {}] if self.rule == PUBLIC else auth

    def get_request_serializer(self):
        write = getattr(self.view, "write_serializer_class", None)
        if write and self.action in {"create", "update", "partial_update"}:
            return write
        return super().get_request_serializer()

    def _get_parameters(self):
        parameters = super()._get_parameters()
        return [*parameters, IDEMPOTENCY_KEY] if self.idempotent else parameters

    def _get_response_bodies(self, direction="response"):
        responses = super()._get_response_bodies(direction)
        for status, response in list(responses.items()):
            if str(status) == "204":
                del responses[status]
                responses["200"] = _json(_success({"type": "object"}), "成功")
            elif str(status).startswith("2") and _is_enveloped(response):
                media = response.setdefault("content", {}).setdefault("application/json", {})
                media["schema"] = _success(media.get("schema", {"type": "object"}))
                response["description"] = response.get("description") or "成功"
        for status, refusals in sorted(self._refusals().items()):
            responses.setdefault(str(status), self._refused(refusals))
        return responses

    def _refusals(self) -> dict[int, dict[int, str]]:
        """{HTTP status: {code: message}} of everything that can be refused here."""
        found: dict[int, dict[int, str]] = defaultdict(dict)
        statuses = {429}
        if self.view.get_authenticators():
            statuses.add(401)  # also where none is needed: a token that is sent is checked
        if self.method in WITH_BODY:
            statuses |= {400, 413, 415}
        asks = self._is_list_view() or self.get_override_parameters()
        if asks or getattr(self.view, "detail", None) is False:
            statuses.add(400)
        if self.rule not in {PUBLIC, LOGIN}:
            statuses.add(403)
        if "{" in self.path:
            statuses.add(404)
        with override("zh-hans"):
            for status in statuses:
                code, message = GENERAL[status]
                found[status][code] = message
            for error in self._errors():
                found[error.status][error.code] = str(error.message)
        return found

    def _errors(self) -> list[type[DomainError]]:
        errors = [ServiceUnavailable, *getattr(self.view, "refusals", {}).get(self.action, ())]
        if self.action in getattr(self.view, "step_up", ()):
            errors.append(import_string(settings.STEP_UP_REFUSAL))
        if self.action in getattr(self.view, "scopes", ()):
            errors += map(import_string, settings.API_KEY_REFUSALS)
        if self.method not in SAFE_METHODS:
            errors.append(Busy)
        if self.idempotent:
            handler = getattr(self.view, self.action)
            errors += handler.takes_idempotency_key
        return errors

    def _refused(self, refusals: dict[int, str]) -> dict:
        """One response for all refusals of a status, an example each."""
        self.registry.register_on_missing(
            ResolvedComponent(
                name="Refusal", type=ResolvedComponent.SCHEMA, object="Refusal", schema=_refusal()
            )
        )
        response = _json({"$ref": "#/components/schemas/Refusal"}, "；".join(refusals.values()))
        response["content"]["application/json"]["examples"] = {
            str(code): {"summary": message, "value": _refusal_example(code, message)}
            for code, message in refusals.items()
        }
        return response


def _is_enveloped(response: dict) -> bool:
    """Whatever is not said to be of another type, such as the bytes of a file."""
    return "application/json" in response.get("content", {"application/json": {}})


def _success(schema: dict) -> dict:
    return {
        "type": "object",
        "required": ["code", "message", "data"],
        "properties": {
            "code": {"type": "integer", "enum": [0]},
            "message": {"type": "string", "example": "success"},
            "data": schema,
        },
    }


def _refusal() -> dict:
    return {
        "type": "object",
        "description": "所有错误的统一格式；程序请判断 code，message 用于展示。",
        "required": ["code", "message", "data", "request_id"],
        "properties": {
            "code": {"type": "integer"},
            "message": {"type": "string"},
            "data": {"type": "object", "nullable": True, "additionalProperties": True},
            "request_id": {"type": "string"},
        },
    }


def _refusal_example(code: int, message: str) -> dict:
    return {
        "code": code,
        "message": message,
        "data": {"字段名": ["原因"]} if code == GENERAL[400][0] else None,
        "request_id": "8c9f0f2a5f0b4a0f8a1f2b3c4d5e6f70",
    }


def _json(schema: dict, description: str) -> dict:
    return {"content": {"application/json": {"schema": schema}}, "description": description}

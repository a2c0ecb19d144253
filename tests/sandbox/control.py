"""The control API: what people do on their phones, and what only the maker of a world can do.

Every rail adds its own calls; here is what all share. Refusals are 4xx with
`{"error": "<sentence>"}`.
"""

from typing import Any

from . import page
from .web import Request, Response, Router, json_response

PREFIX = "/__sandbox__"


class ControlError(Exception):
    """A refused control call; `answer` is the JSON body."""

    def __init__(self, text: str, status: int = 400, **more: Any):
        super().__init__(text)
        self.status = status
        self.answer = {"error": text, **more}


class Control:
    """The first port: dispatches control calls and serves the overview page."""

    def __init__(self, world):
        self.world = world
        self.router = Router()
        self._add_shared()
        for rail in world.rails:
            rail.add_control(self.router)

    def handle(self, request: Request) -> Response:
        route, params = self.router.find(request)
        if route is None:
            known = self.router.knows_path(request.path)
            return json_response({"error": "no such call"}, 405 if known else 404)
        try:
            result = route.handler(request, **params)
        except ControlError as error:
            return json_response(error.answer, error.status)
        except ValueError as error:
            return json_response({"error": str(error)}, 400)
        return result if isinstance(result, Response) else json_response(result)

    def _add_shared(self) -> None:
        add = self.router.add
        add("GET", "/", self._page)
        add("GET", f"{PREFIX}/health", self._health)
        add("GET", f"{PREFIX}/personas", self._personas)
        add("POST", f"{PREFIX}/personas", self._make_persona)
        add("GET", f"{PREFIX}/personas/{{persona}}", self._persona)
        add("GET", f"{PREFIX}/outbox", self._outbox)
        add("GET", f"{PREFIX}/clock", lambda request: self.world.clock.describe())
        add("POST", f"{PREFIX}/clock", self._move_clock)
        add("GET", f"{PREFIX}/faults", lambda request: {"faults": self.world.faults.all()})
        add("POST", f"{PREFIX}/faults", self._add_fault)
        add("DELETE", f"{PREFIX}/faults", self._clear_faults)
        add("DELETE", f"{PREFIX}/faults/{{fault}}", self._clear_faults)
        add("POST", f"{PREFIX}/notices/{{notice}}/release", self._release)
        add("POST", f"{PREFIX}/reset", self._reset)

    def _page(self, request: Request) -> Response:
        return Response(200, page.render(self.world), {"Content-Type": page.TYPE})

    def _health(self, request: Request) -> dict:
        rails = [rail.name for rail in self.world.rails]
        return {"status": "ok", "rails": rails, "clock": self.world.clock.describe()}

    def _personas(self, request: Request) -> dict:
        people = self.world.people
        return {"personas": [people.describe(persona) for persona in people.all()]}

    def _persona(self, request: Request, persona: str) -> dict:
        return self.world.people.describe(find_persona(self.world, persona))

    def _make_persona(self, request: Request) -> Response:
        persona, new = self.world.people.put(read_object(request))
        return json_response(self.world.people.describe(persona), 201 if new else 200)

    def _outbox(self, request: Request) -> dict:
        return {"entries": self.world.outbox.find(request.query)}

    def _move_clock(self, request: Request) -> dict:
        order, clock = read_object(request), self.world.clock
        if unknown := set(order) - {"advance_seconds", "scale", "reset"}:
            raise ControlError(f"clock: unknown {sorted(unknown)}")
        if order.get("reset"):
            clock.reset()
        if "scale" in order:
            clock.set_scale(read_number(order, "scale"))
        if "advance_seconds" in order:
            clock.advance(read_number(order, "advance_seconds"))
        return clock.describe()

    def _add_fault(self, request: Request) -> Response:
        return json_response(self.world.faults.add(read_object(request)), 201)

    def _clear_faults(self, request: Request, fault: str | None = None) -> dict:
        self.world.faults.clear(fault)
        return {"faults": self.world.faults.all()}

    def _release(self, request: Request, notice: str) -> dict:
        if self.world.courier.release(notice) is None:
            raise ControlError("no such notice", 404)
        return self.world.outbox.find({"id": notice})[0]

    def _reset(self, request: Request) -> dict:
        self.world.reset()
        return {"status": "ok"}


def read_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object; an empty body is an empty one."""
    data = request.json() if request.body else {}
    if not isinstance(data, dict):
        raise ControlError("the body must be a JSON object")
    return data


def read_number(order: dict[str, Any], name: str, least: float = 0) -> float:
    value = order[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or value < least:
        raise ControlError(f"{name}: a number of at least {least}")
    return value


def find_persona(world, persona_id: Any):
    persona = world.people.get(persona_id)
    if persona is None:
        raise ControlError(f"no persona {persona_id!r}", 404)
    return persona

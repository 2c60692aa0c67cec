"""What requests and responses have in common, and a function as pairs of the two."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from proxtui.functions.refusing import FunctionError

if TYPE_CHECKING:
    from proxtui.functions.desk import Desk

Vmid = Annotated[int, Field(ge=100, le=999_999_999)]
VmType = Literal["qemu", "lxc"]
Slug = Annotated[str, Field(min_length=1, max_length=200)]


class Request(BaseModel):
    """A body as it comes: JSON types are taken as they are, and a field that is not documented is refused."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", strict=True, frozen=True, hide_input_in_errors=True
    )


class Response(BaseModel):
    """What a function answers: every field is always there; what is unknown is null or "unknown"."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    @property
    def document(self) -> dict[str, Any]:
        """As JSON."""
        return self.model_dump(mode="json", by_alias=True)


class Source(Response):
    """One server that was asked."""

    tenant_id: str
    server_id: str
    status: Literal["waiting", "fresh", "stale", "down", "forbidden"]
    error: str | None
    """Why it told nothing, or not all."""


class Done(Response):
    """It was done."""

    success: Literal[True] = True


@dataclass(frozen=True)
class Call:
    """One request type, its response type, and what makes the one of the other."""

    request: type[Request]
    response: type[Response]
    work: Callable[[Desk, Any], Awaitable[Response]]


class Function:
    """One documented function; of several calls the field ``action`` tells which is meant."""

    def __init__(self, name: str, *calls: Call, stays: bool = False) -> None:
        """``stays``: it goes on after it answered, which it does by ``Desk.announce``."""
        self.name, self.calls, self.stays = name, calls, stays

    @cached_property
    def requests(self) -> TypeAdapter[Any]:
        """What takes a body apart."""
        kinds: Any = tuple(call.request for call in self.calls)
        if len(self.calls) == 1:
            return TypeAdapter(kinds[0])
        union: Any = Annotated[Union[kinds], Field(discriminator="action")]  # noqa: UP007 - made at run time
        return TypeAdapter(union)

    def understood(self, body: Any) -> Any:
        """The request. FunctionError (400) that names each wrong field, and never what stood in it."""
        try:
            return self.requests.validate_python(body)
        except ValidationError as error:
            wrong = {_place(one["loc"], len(self.calls) > 1): one["msg"] for one in error.errors(include_url=False)}
        first = next(f"{field}: {rule}" if field else rule for field, rule in wrong.items())
        raise FunctionError(f"{self.name}: {first}", 400, {"errors": wrong})

    def call_of(self, request: Request) -> Call:
        """What answers this request."""
        return next(call for call in self.calls if type(request) is call.request)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of what goes in and comes out."""
        kinds: Any = tuple(call.response for call in self.calls)
        union: Any = Union[kinds]  # noqa: UP007
        out: TypeAdapter[Any] = TypeAdapter(union)
        return {
            "name": self.name,
            "request": self.requests.json_schema(by_alias=True),
            "response": out.json_schema(by_alias=True, mode="serialization"),
        }


def _place(loc: tuple[int | str, ...], has_action: bool) -> str:
    parts = loc[1:] if has_action and loc else loc
    return ".".join(str(part) for part in parts)

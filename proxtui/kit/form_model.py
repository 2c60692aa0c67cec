"""What a form has to ask for a parameter model, and how what was typed becomes one. Knows no widget."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError

from proxtui.errors import InvalidInput

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

LONG = 1000
"""Characters from which a text has several lines."""
NEEDED = "is needed"
UNSAID = "as PVE decides"
YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of a form."""

    name: str
    label: str
    description: str = ""
    kind: Literal["text", "number", "secret", "list", "lines", "pairs", "switch", "choice"] = "text"
    choices: tuple[str, ...] = ()
    """Of a ``choice``; the empty one leaves it open."""
    default: str = ""
    unit: str = ""
    required: bool = False
    rare: bool = False
    unsaid: str = UNSAID
    """What the empty choice means."""


def asked_of(model: type[BaseModel], kind: str = "", hidden: Iterable[str] = ()) -> tuple[Asked, ...]:
    """The fields to ask for, as far as a guest of this ``kind`` has them: required first, rarely used ones last."""
    fields_for = getattr(model, "fields_for", None)
    fields: Mapping[str, FieldInfo] = fields_for(kind) if fields_for else model.model_fields
    asked = [_asked(name, field) for name, field in fields.items() if name not in frozenset(hidden)]
    return tuple(sorted(asked, key=lambda one: (one.rare, not one.required)))


def _asked(name: str, field: FieldInfo) -> Asked:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    kind, choices = _kind(field, optional=not field.is_required())
    required = field.is_required()
    return Asked(
        name,
        field.title or name.replace("_", " "),
        field.description or "",
        kind,
        choices,
        default="" if required else text_of(field.get_default(call_default_factory=True)),
        unit=str(extra.get("unit", "")),
        required=required,
        rare=bool(extra.get("rare")) and not required,
        unsaid=str(extra.get("unsaid", UNSAID)),
    )


def _kind(field: FieldInfo, *, optional: bool) -> tuple[Any, tuple[str, ...]]:
    kinds = {_bare(one) for one in _members(field.annotation)}
    is_open = type(None) in kinds
    kinds.discard(type(None))
    words = [word for one in kinds for word in _words(one)]
    if words:
        return "choice", (*(("",) if is_open and optional else ()), *words)
    if kinds == {bool}:
        return ("choice", ("", YES, NO)) if is_open else ("switch", ())
    if SecretStr in kinds:
        return "secret", ()
    if kinds & {dict, Mapping}:
        return "pairs", ()
    if kinds & {list, tuple, set, frozenset, Sequence}:
        return "list", ()
    if kinds and kinds <= {int, float}:
        return "number", ()
    longest = max((getattr(item, "max_length", None) or 0 for item in field.metadata), default=0)
    return ("lines" if longest >= LONG else "text"), ()


def _members(annotation: Any) -> list[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [member for one in get_args(annotation) for member in _members(one)]
    return [annotation]


def _bare(annotation: Any) -> Any:
    origin = get_origin(annotation)
    if origin is Literal:
        return annotation
    if isinstance(origin, type):
        return next((one for one in (dict, list, tuple, set, frozenset) if issubclass(origin, one)), origin)
    return annotation


def _words(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [str(word) for word in get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(one.value) for one in annotation]
    return []


def text_of(value: Any) -> str:
    """A value as it stands in its field."""
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Mapping):
        return "\n".join(f"{key}={text}" for key, text in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(one) for one in value)
    return str(value)


def values_of(asked: Sequence[Asked], texts: Mapping[str, str]) -> dict[str, Any]:
    """What a model is made of: what was left empty is left to its default."""
    values: dict[str, Any] = {}
    for one in asked:
        text = texts.get(one.name, "")
        blank = text if one.kind in ("lines", "secret") else text.strip()
        if one.kind == "switch":
            values[one.name] = text == YES
        elif not blank:
            if one.default and one.kind not in ("choice",):
                # Somebody has taken the default away: nothing, where nothing may be.
                values[one.name] = [] if one.kind == "list" else {} if one.kind == "pairs" else None
        else:
            values[one.name] = _value(one, blank)
    return values


def _value(one: Asked, text: str) -> Any:
    if one.kind == "list":
        return [word for word in (part.strip() for part in text.replace("\n", ",").split(",")) if word]
    if one.kind == "pairs":
        pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
        return {key.strip(): value.strip() for key, _, value in pairs}
    if one.kind == "choice" and set(one.choices) <= {"", YES, NO}:
        return text == YES
    return text


def problems_of(model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, by field: one line each, with the field's name and never its value. Empty when nothing is."""
    own = getattr(model, "problems", None)
    if own is not None:
        found: dict[str, str] = {}
        for problem in own(values):
            found.setdefault(problem.field.partition(".")[0], problem.rule)
        return found
    try:
        model.model_validate(dict(values))
    except InvalidInput as problem:
        return {problem.field.partition(".")[0]: problem.rule}
    except ValidationError as error:
        return {
            str(one["loc"][0]) if one["loc"] else "": NEEDED if one["type"] == "missing" else one["msg"]
            for one in reversed(error.errors(include_url=False, include_input=False, include_context=False))
        }
    return {}

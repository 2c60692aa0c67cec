"""Options out of a parameter model, by the same reading of it that forms use; and the model out of what was said."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from proxtui.cli import ask
from proxtui.core.operation import GUESTS, Operation
from proxtui.errors import InvalidInput, UsageError
from proxtui.kit.form_model import NO, YES, Asked, asked_of
from proxtui.pve.params.base import HIDDEN

if TYPE_CHECKING:
    from pydantic import BaseModel

FROM_TARGET = frozenset({"node", "vmid"})
"""Parameters that the target answers, unless it is only about to be made."""
ON_STDIN = "-"
_METAVARS = {"number": "N", "list": "A,B", "pairs": "NAME=VALUE"}
_ONLY = {"qemu": " VMs only.", "lxc": " Containers only."}


def asked_for(operation: Operation) -> tuple[Asked, ...]:
    """The parameters that somebody has to say."""
    model = operation.params_model()
    if model is None:
        return ()
    kinds = operation.kinds & GUESTS
    kind = next(iter(kinds)).value if len(kinds) == 1 else ""
    return asked_of(model, kind, from_target(operation))


def from_target(operation: Operation) -> frozenset[str]:
    """The parameters that are not asked for, since the target answers them: only a guest has a VMID."""
    if operation.creates:
        return frozenset()
    return FROM_TARGET if operation.kinds & GUESTS else FROM_TARGET - {"vmid"}


def options_of(operation: Operation) -> list[click.Option]:
    """An option for each of them."""
    model = operation.params_model()
    return [_option(one, model) for one in asked_for(operation)]


def _option(one: Asked, model: type[BaseModel] | None) -> click.Option:
    flag = f"--{one.name.replace('_', '-')}"
    text = one.description + _only(one.name, model)
    text += "  [required]" if one.required else ""
    is_open = one.kind == "choice" and set(one.choices) == {"", YES, NO}
    if one.kind == "switch" or is_open:
        both = is_open or one.default == YES
        names = f"{flag}/--no-{flag[2:]}" if both else flag
        text += "  [yes]" if one.default == YES else ""
        return click.Option([names, one.name], is_flag=True, default=None, help=text)
    if one.kind == "secret":
        told = "Read from stdin, or asked for on a terminal."
        return click.Option([f"{flag}-stdin", one.name], is_flag=True, default=None, help=f"{text} {told}")
    if one.default:
        text += f"  [{one.default}]"
    if one.kind == "choice":
        words = [word for word in one.choices if word]
        return click.Option([flag, one.name], type=click.Choice(words), default=None, help=text)
    if one.kind == "pairs":
        return click.Option([flag, one.name], multiple=True, metavar=_METAVARS["pairs"], help=text)
    return click.Option([flag, one.name], default=None, metavar=_METAVARS.get(one.kind, "TEXT"), help=text)


def _only(name: str, model: type[BaseModel] | None) -> str:
    field = None if model is None else model.model_fields.get(name)
    extra = field.json_schema_extra if field is not None else None
    return _ONLY.get(str(extra.get("kind", "")), "") if isinstance(extra, dict) else ""


def values_of(operation: Operation, said: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, by parameter. Secrets are read now; ``InvalidInput`` for one among the arguments."""
    found: dict[str, Any] = {}
    for one in asked_for(operation):
        value = said.get(one.name)
        if value is None or value == ():
            continue
        if one.kind == "secret":
            found[one.name] = _secret(one.label)
        elif one.kind == "pairs":
            found[one.name] = dict(_pair(one.name, text) for text in value)
        else:
            found[one.name] = value
    return found


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise _as_typed(InvalidInput(option, HIDDEN, "write NAME=VALUE"))
    if "password" in name:
        if value != ON_STDIN:
            rule = f"others can read arguments: write {name}=- and type it"
            raise _as_typed(InvalidInput(option, f"{name}={HIDDEN}", rule))
        value = _secret(name)
    return name, value


def _secret(label: str) -> str:
    """Typed without echo on a terminal, else the next line of stdin."""
    if ask.somebody_is_there():
        return ask.for_secret(label)
    line = sys.stdin.readline()
    if not line.rstrip("\r\n"):
        raise UsageError(f"{label}: nothing came on stdin")
    from proxtui.cli.redact import redact

    redact.hide(line.rstrip("\r\n"))
    return line.rstrip("\r\n")


def model_of(operation: Operation, values: Mapping[str, Any]) -> Any:
    """The parameters, checked; None for an operation without any. ``InvalidInput`` names the option."""
    model: Any = operation.params_model()
    if model is None:
        return None
    problems: tuple[InvalidInput, ...] = model.problems(values)
    if problems:
        from proxtui.cli.output import narrate

        first, *others = [_spelled(problem, model) for problem in problems]
        for other in others:
            narrate(str(other))
        raise first
    return model(**values)


def _spelled(problem: InvalidInput, model: type[BaseModel]) -> InvalidInput:
    return _as_typed(problem) if problem.field in model.model_fields else problem


def _as_typed(problem: InvalidInput) -> InvalidInput:
    """The same, with the option as it is typed; ``field`` stays the parameter."""
    told = InvalidInput("--" + problem.field.replace("_", "-"), problem.value, problem.rule)
    told.field = problem.field
    return told

"""What all parameter models have in common: one line for each wrong field, PVE's names on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from proxtui.errors import InvalidInput
from proxtui.pve.paths import Scalar
from proxtui.pve.rules import without_credentials
from proxtui.pve.validators import HOSTNAME_RULE, IP_RULE, NODE_RULE, STORAGE_RULE, TEXT_RULE, VMID_RULE, InputValidator

Form = dict[str, Scalar | list[str]]
"""Names and values as PVE takes them; a list repeats its name."""

HIDDEN = "********"
_ELSE = "not a value that this takes"
_KINDS = {"qemu": "VMs", "lxc": "containers"}
_RULES = {
    "missing": "is needed",
    "extra_forbidden": "is no parameter here",
    "string_type": "text",
    "bool_parsing": "yes or no",
    "bool_type": "yes or no",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "pairs of names and values",
}


class Params(BaseModel):
    """The parameters of one change. Making one of wrong values raises ``InvalidInput``, the first of ``problems``.

    A field's ``title`` is its label in a form, its ``description`` the help of its option. Its name on the wire is its
    own with hyphens, or its ``serialization_alias``; ``exclude=True`` keeps it off the form (nodes and VMIDs stand in
    the path); ``json_schema_extra={"kind": "lxc"}`` says that only one kind of guest has it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=False)

    if not TYPE_CHECKING:  # mypy reads the fields, which says more

        def __init__(self, **values: Any) -> None:
            try:
                super().__init__(**values)
            except ValidationError as error:
                raise _problems_in(error, type(self))[0] from None

    @classmethod
    def problems(cls, values: Mapping[str, Any]) -> tuple[InvalidInput, ...]:
        """Everything that is wrong with ``values``, each with its field; empty when a model can be made of them."""
        try:
            cls.__pydantic_validator__.validate_python(dict(values), self_instance=cls.__new__(cls))
        except ValidationError as error:
            return _problems_in(error, cls)
        except InvalidInput as problem:
            # Fields that do not go together; seen once each of them is right.
            return (problem, *problem.others)
        return ()

    @classmethod
    def fields_for(cls, kind: str = "") -> dict[str, FieldInfo]:
        """The fields that a guest of this kind has (``qemu``, ``lxc``; all of them for none), in order."""
        return {name: field for name, field in cls.model_fields.items() if not kind or _kind_of(field) in ("", kind)}

    @classmethod
    def secrets(cls) -> frozenset[str]:
        """The names of the fields that nobody may see."""
        return frozenset(name for name, field in cls.model_fields.items() if _is_secret(field))

    def form(self, kind: str = "") -> Form:
        """What goes over the wire. None and an unset switch are left to PVE.

        ``InvalidInput`` for what guests of another kind have.
        """
        found: Form = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if field.exclude or value is None or value == [] or (value is False and field.default is False):
                continue
            if kind and _kind_of(field) not in ("", kind):
                if value == field.default:
                    continue
                raise InvalidInput(name, HIDDEN if _is_secret(field) else value, f"only for {_KINDS[_kind_of(field)]}")
            found[field.serialization_alias or name.replace("_", "-")] = _plain(value)
        return found

    def arguments(self, kind: str = "") -> dict[str, Any]:
        """The fields that a guest of this kind has: ``vms.clone_vm(node, vmid, **params.arguments("qemu"))``."""
        return {name: getattr(self, name) for name in self.fields_for(kind)}

    def having(self, **changes: Any) -> Self:
        """A copy with other values, checked like the first."""
        return type(self)(**{**self.arguments(), **changes})


def refuse_all(faults: Iterable[InvalidInput]) -> None:
    """For a model's validator: raise what does not go together, all of it at once."""
    found = list(faults)
    if found:
        found[0].others = tuple(found[1:])
        raise found[0]


def obeys(is_valid: Callable[[Any], bool], rule: str) -> AfterValidator:
    """For a field's type: ``Annotated[str, obeys(InputValidator.validate_node_name, NODE_RULE)]``."""

    def check(value: Any) -> Any:
        if not is_valid(value):
            raise PydanticCustomError("rule", "{rule}", {"rule": rule})
        return value

    return AfterValidator(check)


def is_text(value: object) -> bool:
    """One line without control, format or direction characters."""
    return isinstance(value, str) and InputValidator.sanitize_string(value) == value


def is_prose(value: object) -> bool:
    """The same, with line feeds and tabs."""
    return isinstance(value, str) and is_text(value.replace("\n", " ").replace("\t", " "))


def _seen(secret: SecretStr) -> SecretStr:
    if not is_text(secret.get_secret_value()):
        raise PydanticCustomError("rule", "one line of characters that can be typed")
    return secret


Password = Annotated[SecretStr, AfterValidator(_seen)]
"""One line, too: what nobody can see, nobody can type again."""


def _no_truth(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("rule", "a whole number")
    return value


Whole = Annotated[int, BeforeValidator(_no_truth)]
"""A whole number, also as text; never True or False. Bounds: ``Field(ge=, le=)``."""
Text = Annotated[str, obeys(is_text, TEXT_RULE)]
Prose = Annotated[str, Field(max_length=8192), obeys(is_prose, TEXT_RULE)]
"""Notes: several lines, 8 KiB at most, as PVE keeps them."""
NodeName = Annotated[str, obeys(InputValidator.validate_node_name, NODE_RULE)]
Vmid = Annotated[Whole, Field(ge=100, le=999_999_999), obeys(InputValidator.validate_vmid, VMID_RULE)]
StorageName = Annotated[str, obeys(InputValidator.validate_storage_name, STORAGE_RULE)]
HostName = Annotated[str, obeys(InputValidator.validate_hostname, HOSTNAME_RULE)]
IpAddress = Annotated[str, obeys(InputValidator.validate_ip_address, IP_RULE)]


def _problems_in(error: ValidationError, model: type[Params]) -> tuple[InvalidInput, ...]:
    return tuple(_problem(details, model) for details in error.errors(include_url=False))


def _problem(details: ErrorDetails, model: type[Params]) -> InvalidInput:
    where = details["loc"]
    name = str(where[0]) if where else ""
    field = model.model_fields.get(name)
    value = details.get("input", "")
    if details["type"] == "missing" or not where:
        value = ""
    elif field is None or _is_secret(field):
        # What has no field of its own may be a secret under a wrong name.
        value = HIDDEN
    # A form shows it at the field; which of its pairs it is, the rule says.
    inner = where[1] if len(where) > 1 and isinstance(where[1], str) and where[1] != "[key]" else ""
    rule = _rule(details, field)
    if "password" in inner:
        value = HIDDEN
    elif isinstance(value, str):
        value = without_credentials(value)
    return InvalidInput(name or model.__name__, value, f"{inner}: {rule}" if inner else rule)


def _rule(details: ErrorDetails, field: FieldInfo | None) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind in ("greater_than_equal", "less_than_equal", "greater_than", "less_than"):
        return _range(field, context)
    if kind == "literal_error":
        return f"one of {str(context['expected']).replace(chr(39), '')}"
    if kind == "string_too_short":
        return f"at least {context['min_length']} characters"
    if kind == "string_too_long":
        return f"at most {context['max_length']} characters"
    if kind in ("too_short", "too_long"):
        edge = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
        return f"{edge} {'characters' if field is not None and _is_secret(field) else 'of them'}"
    return details["msg"] if kind == "rule" else _RULES.get(kind, _ELSE)


def _range(field: FieldInfo | None, context: Mapping[str, Any]) -> str:
    bounds = {**context, **(bounds_of(field) if field is not None else {})}
    low, high = bounds.get("ge"), bounds.get("le")
    if low is not None and high is not None:
        return f"a number from {low} to {high}"
    return f"a number, at least {low}" if low is not None else f"a number, at most {high}"


def bounds_of(field: FieldInfo) -> dict[str, Any]:
    """``ge`` and ``le`` of a number, also of one that may be left out."""
    return {side: getattr(item, side) for item in _rules_of(field) for side in ("ge", "le") if hasattr(item, side)}


def _rules_of(annotated: object) -> Iterator[object]:
    metadata = annotated.metadata if isinstance(annotated, FieldInfo) else getattr(annotated, "__metadata__", ())
    for item in metadata:
        # Within a union pydantic leaves the rules of a field together.
        yield from _rules_of(item) if isinstance(item, FieldInfo) else (item,)
    inner = annotated.annotation if isinstance(annotated, FieldInfo) else annotated
    for part in get_args(inner):
        if getattr(part, "__metadata__", ()):
            yield from _rules_of(part)


def _kind_of(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra.get("kind", "")) if isinstance(extra, dict) else ""


def _is_secret(field: FieldInfo) -> bool:
    return _holds_secret(field.annotation)


def _holds_secret(annotated: object) -> bool:
    return annotated is SecretStr or any(_holds_secret(part) for part in get_args(annotated))


def _plain(value: Any) -> Scalar | list[str]:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    return value if isinstance(value, bool | int | float) else str(value)

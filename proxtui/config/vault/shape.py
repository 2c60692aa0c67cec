"""The shape of the vault's file, judged strictly before any key is tried: damage is told apart from a wrong key."""

from __future__ import annotations

import re
import tomllib
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from proxtui.config.vault.crypto import KEY, Cost, canonical, decode
from proxtui.errors import Malformed, NewerFormat

FORMAT = 1
"""Of the file; another one is not read."""
CURE = "restore an earlier one with `proxtui config restore`"
_NOTE = "# proxtui configuration, encrypted value by value. A change made by hand is refused: use `proxtui config`.\n"
_PLACE = re.compile(r"line (\d+), column (\d+)")
SALT = range(16, 65)


def _text_of(sizes: range) -> AfterValidator:
    def judged(text: str) -> str:
        if len(decode(text)) not in sizes:
            raise ValueError(f"needs {sizes.start} to {sizes.stop - 1} bytes as base64url")
        return text

    return AfterValidator(judged)


Encoded = Annotated[str, _text_of(range(1, 4096))]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Kdf(_Shape):
    """How a passphrase becomes a key. The limits keep a forged file from taking all memory, or from making it cheap."""

    name: Literal["argon2id"] = "argon2id"
    v: Literal[19] = 19
    m: Annotated[int, Field(ge=19_456, le=1_048_576)]
    t: Annotated[int, Field(ge=1, le=10)]
    p: Annotated[int, Field(ge=1, le=16)]
    salt: Annotated[str, _text_of(SALT)]

    @property
    def cost(self) -> Cost:
        """What a guess costs."""
        return Cost(self.m, self.t, self.p)


class Slot(_Shape):
    """What one passphrase or keyfile opens."""

    id: Identifier
    label: Annotated[str, Field(min_length=1, max_length=80)]
    """Whose it is."""
    kind: Literal["passphrase", "keyfile"]
    kdf: Kdf | None = None
    every: Literal["none", "monitor", "admin"] = "none"
    """What it gets of each tenant to come; ``admin`` opens the scope ``system`` too."""
    public: Annotated[str, _text_of(range(KEY, KEY + 1))]
    """Keys are wrapped for it, so that a new tenant or new keys need nobody else's passphrase."""
    secret: Encoded
    """The private half, sealed by the passphrase or keyfile."""
    keys: dict[Identifier, Encoded]
    """The keys of the scopes, wrapped for ``public``."""

    @model_validator(mode="after")
    def _kdf_fits(self) -> Slot:
        if (self.kdf is None) == (self.kind == "passphrase"):
            raise ValueError("kdf belongs to kind passphrase")
        return self

    @property
    def roster(self) -> list[Any]:
        """What only an administrator may change of it; a new passphrase changes none of this."""
        return [self.id, self.label, self.kind, self.every, self.public, sorted(self.keys)]


class Header(_Shape):
    """All that stands under ``[proxtui]``."""

    format: Literal[1]
    min_reader: Annotated[int, Field(ge=1)]
    file_id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    rev: Annotated[int, Field(ge=1, le=2**53)]
    written_by: Annotated[str, Field(max_length=80)]
    slots: Annotated[list[Slot], Field(min_length=1)]
    mac: dict[Identifier, Encoded]

    @model_validator(mode="after")
    def _slots_differ(self) -> Header:
        for name in ("id", "label"):
            said = [getattr(slot, name) for slot in self.slots]
            if len(set(said)) < len(said):
                raise ValueError(f"two slots have the same {name}")
        return self


class _Server(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, hide_input_in_errors=True)
    name: str
    endpoints: str
    tailscale_hostname: str | None = None
    jumps: str | None = None
    trust: dict[str, Any] = {}
    credentials: dict[Identifier, str] | None = None
    monitor: dict[Identifier, str] | None = None


class _Tenant(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, hide_input_in_errors=True)
    slug: str
    name: str
    description: str | None = None
    logo_url: str | None = None
    notification_email: str | None = None
    servers: dict[Identifier, _Server] = {}


class _User(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, hide_input_in_errors=True)
    name: str
    roles: dict[Identifier, str] = {}


class _Data(_Shape):
    settings: dict[str, Any] = {}
    users: dict[Identifier, _User] = {}
    tenants: dict[Identifier, _Tenant] = {}
    former: list[str] = []


class _File(_Shape):
    proxtui: Header
    data: _Data


class Document:
    """A file as it stands there: the judged header, and the data as plain dictionaries of the known shape."""

    def __init__(self, header: Header, data: dict[str, Any]) -> None:
        self.header = header
        self.data = {"settings": {}, "users": {}, "tenants": {}, "former": []} | data

    @property
    def tenants(self) -> dict[str, dict[str, Any]]:
        """By their ids, sealed."""
        found: dict[str, dict[str, Any]] = self.data["tenants"]
        return found

    def slot(self, slot_id: str) -> Slot | None:
        """The slot of that id."""
        return next((slot for slot in self.header.slots if slot.id == slot_id), None)

    def text(self) -> bytes:
        """As it is written. Comments of a person are not kept: the file is made anew at each save."""
        import tomli_w

        header = self.header.model_dump(exclude_none=True)
        return (_NOTE + tomli_w.dumps({"proxtui": header, "data": self.data})).encode()


def parse(raw: bytes, name: str = "config.toml") -> Document:
    """Read a file. Malformed with the place, NewerFormat for one that this version cannot read."""
    values = parse_toml(raw, name)
    header = values.get("proxtui")
    if not isinstance(header, dict):
        raise Malformed(f"{name}: has no [proxtui], so it is no vault; {CURE}")
    for word in ("format", "min_reader"):
        if isinstance(said := header.get(word), int) and said > FORMAT:
            raise NewerFormat(
                f"{name}: {word} {said} needs a newer proxtui; this one reads {FORMAT}, nothing was changed"
            )
    try:
        file = _File.model_validate(values)
        canonical(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"] if str(part).isascii() and str(part).isprintable())
        raise Malformed(f"{name}: {where[:120]}: {first['msg']}; {CURE}") from None
    except (TypeError, ValueError):
        raise Malformed(f"{name}: holds a date, or a number that is none; {CURE}") from None
    return Document(file.proxtui, values["data"])


def parse_toml(raw: bytes, name: str) -> dict[str, Any]:
    """Read TOML. Malformed with line and column, and never with the text that stands there."""
    try:
        return tomllib.loads(raw.decode())
    except UnicodeDecodeError as error:
        raise Malformed(f"{name}: is not UTF-8 at byte {error.start}; {CURE}") from None
    except (ValueError, RecursionError) as error:
        place = _PLACE.search(str(error))
        where = f"line {place[1]}, column {place[2]}" if place else "its end"
        raise Malformed(f"{name}: is not TOML at {where}; {CURE}") from None

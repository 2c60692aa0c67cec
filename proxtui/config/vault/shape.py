"""The shape of the vault's file, judged strictly before any key is tried: damage is told apart from a wrong key."""

from __future__ import annotations

import re
import tomllib
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, ValidationError, convert, to_builtins

from proxtui.config.vault.crypto import KEY, Cost, canonical, decode
from proxtui.errors import Malformed, NewerFormat

FORMAT = 1
"""Of the file; another one is not read."""
CURE = "restore an earlier one with `proxtui config restore`"
_NOTE = "# proxtui configuration, encrypted value by value. A change made by hand is refused: use `proxtui config`.\n"
_PLACE = re.compile(r"line (\d+), column (\d+)")
SALT = range(16, 65)


Identifier = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,60}\Z")]
_KEY = range(KEY, KEY + 1)
_ENCODED = range(1, 4096)


def _judge(sizes: range, *texts: str) -> None:
    """ValueError unless each is base64url of so many bytes."""
    for text in texts:
        if len(decode(text)) not in sizes:
            raise ValueError(f"Expected {sizes.start} to {sizes.stop - 1} bytes as base64url")


class _Shape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Loaded at every start, so without pydantic, which takes as long to load as half of Textual does."""


class Kdf(_Shape, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a passphrase becomes a key. The limits keep a forged file from taking all memory, or from making it cheap."""

    name: Literal["argon2id"] = "argon2id"
    v: Literal[19] = 19
    m: Annotated[int, Meta(ge=19_456, le=1_048_576)]
    t: Annotated[int, Meta(ge=1, le=10)]
    p: Annotated[int, Meta(ge=1, le=16)]
    salt: str

    def __post_init__(self) -> None:
        _judge(SALT, self.salt)

    @property
    def cost(self) -> Cost:
        """What a guess costs."""
        return Cost(self.m, self.t, self.p)


class Slot(_Shape, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one passphrase or keyfile opens."""

    id: Identifier
    label: Annotated[str, Meta(min_length=1, max_length=80)]
    """Whose it is."""
    kind: Literal["passphrase", "keyfile"]
    kdf: Kdf | None = None
    every: Literal["none", "monitor", "admin"] = "none"
    """What it gets of each tenant to come; ``admin`` opens the scope ``system`` too."""
    public: str
    """Keys are wrapped for it, so that a new tenant or new keys need nobody else's passphrase."""
    secret: str
    """The private half, sealed by the passphrase or keyfile."""
    keys: dict[Identifier, str]
    """The keys of the scopes, wrapped for ``public``."""

    def __post_init__(self) -> None:
        _judge(_KEY, self.public)
        _judge(_ENCODED, self.secret, *self.keys.values())
        if (self.kdf is None) == (self.kind == "passphrase"):
            raise ValueError("Expected a kdf with kind passphrase alone")

    @property
    def roster(self) -> list[Any]:
        """What only an administrator may change of it; a new passphrase changes none of this."""
        return [self.id, self.label, self.kind, self.every, self.public, sorted(self.keys)]


class Header(_Shape, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that stands under ``[proxtui]``."""

    format: Literal[1]
    min_reader: Annotated[int, Meta(ge=1)]
    file_id: Annotated[str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]
    rev: Annotated[int, Meta(ge=1, le=2**53)]
    written_by: Annotated[str, Meta(max_length=80)]
    slots: Annotated[list[Slot], Meta(min_length=1)]
    mac: dict[Identifier, str]

    def __post_init__(self) -> None:
        _judge(_ENCODED, *self.mac.values())
        for name in ("id", "label"):
            said = [getattr(slot, name) for slot in self.slots]
            if len(set(said)) < len(said):
                raise ValueError(f"Expected slots that differ in their {name}")


class _Server(Struct):
    name: str
    endpoints: str
    tailscale_hostname: str | None = None
    jumps: str | None = None
    trust: dict[str, Any] = {}
    credentials: dict[Identifier, str] | None = None
    monitor: dict[Identifier, str] | None = None


class _Tenant(Struct):
    slug: str
    name: str
    description: str | None = None
    logo_url: str | None = None
    notification_email: str | None = None
    servers: dict[Identifier, _Server] = {}


class _User(Struct):
    name: str
    roles: dict[Identifier, str] = {}


class _End(_Shape, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last row of an audit: number and code."""

    seq: Annotated[int, Meta(ge=1, le=2**53)]
    mac: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class _Data(_Shape, frozen=True, kw_only=True, forbid_unknown_fields=True):
    settings: dict[str, Any] = {}
    users: dict[Identifier, _User] = {}
    tenants: dict[Identifier, _Tenant] = {}
    former: list[str] = []
    noted: dict[Identifier, _End] = {}


class _File(_Shape, frozen=True, kw_only=True, forbid_unknown_fields=True):
    proxtui: Header
    data: _Data


def plain_of(shape: _Shape) -> dict[str, Any]:
    """As it stands in the file: what is None is not there."""
    found: dict[str, Any] = _without_none(to_builtins(shape))
    return found


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(one) for name, one in value.items() if one is not None}
    return [_without_none(one) for one in value] if isinstance(value, list) else value


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

        header = plain_of(self.header)
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
        file = convert(values, _File)
        canonical(values)
    except ValidationError as error:
        raise Malformed(f"{name}: {_told(str(error))}; {CURE}") from None
    except (TypeError, ValueError):
        raise Malformed(f"{name}: holds a date, or a number that is none; {CURE}") from None
    return Document(file.proxtui, values["data"])


def _told(error: str) -> str:
    """The place and what belongs there. What stands there is not told."""
    said, _, where = error.rpartition(" - at `")
    why = said or error
    if not why.startswith(("Expected", "Object missing")):
        why = "is not what belongs there"
    place = "".join(sign for sign in where.rstrip("`").removeprefix("$.") if sign.isascii() and sign.isprintable())
    return f"{place[:120]}: {why}" if place else why


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

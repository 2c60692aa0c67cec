"""The words in which endpoints are written: a call comes in, plain data or a refusal goes out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from proxtui.sim.roles import Identity, allowed
from proxtui.sim.state import Guest, Node, Storage, conf_path
from proxtui.sim.uploads import Upload
from proxtui.sim.world import Site, World

MISSING = "property is missing and it is not optional"
UNKNOWN = "property is not defined in schema and the schema does not allow additional properties"


class Refused(Exception):
    """The answer is no. ``reason`` becomes the reason phrase and the ``message`` of the body."""

    def __init__(
        self, status: int, reason: str, *, errors: dict[str, str] | None = None, empty: bool = False, slow: bool = False
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.errors = errors
        self.empty = empty
        """True: no body at all, as PVE does when it refuses before the API is reached."""
        self.slow = slow
        """True: held back for the authentication delay."""


def invalid(name: str, text: str) -> Refused:
    """A parameter that the schema refuses."""
    return Refused(400, "Parameter verification failed.", errors={name: text})


def failed(text: str) -> Refused:
    """Everything that Proxmox's code dies of: a 500 with its text."""
    return Refused(500, text)


def forbidden(path: str, *names: str) -> Refused:
    return Refused(403, f"Permission check failed ({path}, {'|'.join(names)})")


@dataclass(slots=True)
class Answer:
    """Data with something beside it: a total, or text instead of JSON."""

    data: Any
    total: int | None = None
    text: str | None = None
    door: Any = None
    """What a WebSocket is to be opened to, where the client asked for one."""


@dataclass(slots=True)
class Call:
    """One request that passed authentication."""

    world: World
    site: Site
    who: Identity
    now: float
    path: dict[str, str]
    params: dict[str, Any]
    upload: Upload | None = None

    @property
    def node(self) -> Node:
        return self.site.nodes[self.path["node"]]

    @property
    def kind(self) -> str:
        return self.path["kind"]

    @property
    def vmid(self) -> int:
        return int(self.path["vmid"])

    @property
    def guest(self) -> Guest:
        """The guest of the path. Raises the 500 that PVE gives when its file is not on that node."""
        guest = self.site.guest_on(self.node.name, self.kind, self.vmid)
        if guest is None:
            raise failed(f"Configuration file '{conf_path(self.kind, self.node.name, self.vmid)}' does not exist")
        return guest

    @property
    def storage(self) -> Storage:
        return self.find_storage(self.path["storage"])

    @property
    def root(self) -> bool:
        """Whether root itself asks; a token of root is somebody else."""
        return self.who.name == "root@pam"

    def root_only(self, *names: str) -> None:
        """Refuse options that only root may use."""
        for name in names:
            if self.params.get(name) and not self.root:
                raise invalid(name, "Only root may use this option.")

    def quorum(self) -> None:
        if not self.site.quorate:
            raise failed("cluster not ready - no quorum?")

    def find_storage(self, name: str, node: str | None = None) -> Storage:
        """The storage of that name. Raises the 500s of one that is not there."""
        if name not in self.site.storages:
            raise failed(f"storage '{name}' does not exist")
        where = node or self.node.name
        storage = self.site.storage_on(where, name)
        if storage is None:
            raise failed(f"storage '{name}' is not available on node '{where}'")
        return storage

    def unlocked(self, guest: Guest) -> None:
        """Raise the 500 of a locked guest."""
        if guest.lock:
            raise failed(f"{'VM' if guest.kind == 'qemu' else 'CT'} is locked ({guest.lock})")

    def may(self, path: str, *names: str) -> bool:
        return allowed(self.site, self.who, path, *names)

    def require(self, path: str, *names: str) -> None:
        if not self.may(path, *names):
            raise forbidden(path, *names)


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of the schema."""

    type: str = "string"
    """``string``, ``integer``, ``boolean``, ``array`` or ``memory``."""
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    required: bool = False
    only: str = ""
    """``qemu`` or ``lxc`` when the other kind does not know it."""
    modern: bool = False
    """True: only 9.x knows it."""
    pattern: str | None = None
    format: str = "value does not match the regex pattern"

    def check(self, name: str, value: Any) -> Any:
        """The value in its type. Raises the 400 that PVE gives."""
        if self.type == "array":
            return [str(item) for item in value] if isinstance(value, list) else [str(value)]
        if value is None:
            raise failed(f"unable to parse value of '{name}' - got undefined value")
        if isinstance(value, list):
            value = ",".join(map(str, value))
        if self.type == "integer":
            return self._integer(name, value)
        if self.type == "boolean":
            return _boolean(name, value)
        if self.type == "memory":
            return self._memory(name, value)
        text = str(value)
        if self.choices and text not in self.choices:
            raise invalid(name, f"value '{text}' does not have a value in the enumeration '{', '.join(self.choices)}'")
        if self.pattern is not None and not re.fullmatch(self.pattern, text):
            raise invalid(name, self.format.replace("{value}", text))
        return text

    def _memory(self, name: str, value: Any) -> int:
        """A property string with one property, ``current``, in MiB."""
        try:
            return self._integer(name, str(value).removeprefix("current="))
        except Refused as refusal:
            text = (refusal.errors or {})[name]
            raise invalid(name, f"invalid format - format error\n{name}.current: {text}\n") from refusal

    def _integer(self, name: str, value: Any) -> int:
        if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,18}", str(value)):
            raise invalid(name, f"type check ('integer') failed - got '{value}'")
        number = int(value)
        if self.minimum is not None and number < self.minimum:
            raise invalid(name, f"value must have a minimum value of {self.minimum}")
        if self.maximum is not None and number > self.maximum:
            raise invalid(name, f"value must have a maximum value of {self.maximum}")
        return number


def _boolean(name: str, value: Any) -> bool:
    if value in (True, 1, "1"):
        return True
    if value in (False, 0, "0"):
        return False
    raise invalid(name, f"type check ('boolean') failed - got '{value}'")


Check = Callable[[Call], None]


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table of endpoints.

    ``daemon``: pvedaemon answers, with two ``Connection`` headers. ``on_node``: it is asked of the node in the path.
    """

    method: str
    path: str
    run: Callable[[Call], Any]
    params: dict[str, Param] = field(default_factory=dict)
    check: Check | None = None
    daemon: bool = False
    on_node: bool = True
    open: bool = False
    """True: no login needed."""
    modern: bool = False
    """True: only 9.x knows it."""
    no_token: bool = False
    """True: refused for API tokens."""
    more: re.Pattern[str] | None = None
    """Names of further parameters that pass unchecked."""
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        regex = re.sub(r"\{kind\}", "(?P<kind>qemu|lxc)", self.path)
        regex = re.sub(r"\{(volume)\}", r"(?P<\1>.+)", regex)
        regex = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", regex)
        object.__setattr__(self, "pattern", re.compile(regex))


def need(path: str, *names: str) -> Check:
    """A check for any of the privileges on a path such as ``/vms/{vmid}``."""

    def check(call: Call) -> None:
        call.require(path.format(**call.path), *names)

    return check


def _wrong_vmid(path: dict[str, str]) -> dict[str, str]:
    if "vmid" not in path:
        return {}
    if not re.fullmatch(r"\d{1,9}", path["vmid"]):
        return {"vmid": f"type check ('integer') failed - got '{path['vmid']}'"}
    return {"vmid": "value must have a minimum value of 100"} if int(path["vmid"]) < 100 else {}


def verify(route: Route, path: dict[str, str], given: dict[str, Any], modern: bool = True) -> dict[str, Any]:
    """Check parameters the way the schema does: all errors at once. Raises a 400."""
    errors: dict[str, str] = _wrong_vmid(path)
    good: dict[str, Any] = {}
    for name, value in given.items():
        param = route.params.get(name)
        if param is None and route.more is not None and route.more.fullmatch(name):
            good[name] = value
        elif param is None or (param.modern and not modern) or (param.only and param.only != path.get("kind")):
            errors[name] = UNKNOWN
        else:
            try:
                good[name] = param.check(name, value)
            except Refused as refusal:
                if refusal.errors is None:
                    raise
                errors.update(refusal.errors)
    for name, param in route.params.items():
        if param.required and name not in given:
            errors[name] = MISSING
    if errors:
        raise Refused(400, "Parameter verification failed.", errors=errors)
    return good

"""A change, declared once: its key, menu line, confirm, help, command line verb and audit name all come from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from proxtui.config.models import Role
from proxtui.core.feature import load

if TYPE_CHECKING:
    from pydantic import BaseModel

    from proxtui.core.model import Key, ServerRef
    from proxtui.pve.asking import Changer
    from proxtui.pve.upid import Upid


class Risk(StrEnum):
    """How hard a change is confirmed."""

    SAFE = "safe"
    """Nothing is lost by it: no question."""
    DISTURBS = "disturbs"
    """Somebody may notice: one yes or no."""
    DESTROYS = "destroys"
    """Something is gone afterwards: its name is typed."""


class Kind(StrEnum):
    """What a change can be made to."""

    QEMU = "qemu"
    LXC = "lxc"
    NODE = "node"
    STORAGE = "storage"
    VOLUME = "volume"
    TASK = "task"
    POOL = "pool"
    SERVER = "server"
    """The cluster as a whole."""


GUESTS = frozenset({Kind.QEMU, Kind.LXC})

_USUAL_PATHS = {
    Kind.QEMU: "/vms/{vmid}",
    Kind.LXC: "/vms/{vmid}",
    Kind.NODE: "/nodes/{node}",
    Kind.STORAGE: "/storage/{storage}",
    Kind.VOLUME: "/storage/{storage}",
    Kind.TASK: "/nodes/{node}",
    Kind.POOL: "/pool/{pool}",
}


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be changed, as it was when somebody looked. The gate looks again before anything is sent."""

    ref: ServerRef
    kind: Kind
    id: str
    """VMID, node, storage, volid, UPID or pool; empty for the cluster."""
    name: str = ""
    """What people call it: a guest's name. Typed to confirm, and compared before anything is sent."""
    node: str = ""
    """Where it is; empty when that does not matter."""

    @property
    def vmid(self) -> int:
        """Of a guest. ValueError for anything else."""
        return int(self.id)

    @property
    def key(self) -> Key | None:
        """How the store knows it; None when the store does not."""
        # Here, for the command line names operations before it loads any model.
        from proxtui.core.model import GuestKey, NodeKey, StorageKey

        if self.kind in GUESTS:
            return GuestKey(*self.ref, self.kind.value, self.vmid)
        if self.kind is Kind.NODE:
            return NodeKey(*self.ref, self.id)
        return StorageKey(*self.ref, self.node, self.id) if self.kind is Kind.STORAGE else None

    @property
    def confirmed_by(self) -> str:
        """What is typed before it is destroyed: the name, or the ID of what has none."""
        return self.name or self.id or self.ref.server

    @property
    def label(self) -> str:
        """As in ``VM 100 web-1 on pve1``."""
        words = {Kind.QEMU: "VM", Kind.LXC: "container", Kind.SERVER: "cluster"}
        parts = [words.get(self.kind, self.kind.value), self.id or self.ref.server]
        parts += [self.name] if self.name not in ("", self.id) else []
        parts += [f"on {self.node}"] if self.node not in ("", self.id) else []
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Told:
    """What a change answers that is over when PVE answers, and has something to show: what a program printed."""

    text: str
    """Several lines. Shown to whoever asked, never kept."""
    failure: str = ""
    """Why it was no success, in one line that holds no secret; empty when it was one."""


def _always(_thing: object) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One kind of change. Strings instead of code, so that declaring it loads nothing."""

    name: str
    """``ROOM.VERB``, as the audit keeps it; the command is ``proxtui ROOM VERB``."""
    label: str
    """In the menu, the footer and the palette: ``Shut down``."""
    summary: str
    """One sentence for the help."""
    kinds: frozenset[Kind]
    risk: Risk
    role: Role
    """The least role that may."""
    privileges: tuple[str, ...]
    """What the login needs in PVE, at ``acl``: all of them; ``A|B`` means one of the two."""
    acl: str = ""
    """Where, with ``{vmid}``, ``{node}``, ``{storage}``, ``{pool}``: ``/vms/{vmid}``; empty: the usual place."""
    run_by: str
    """``module:function`` of ``async (client, target, params) -> Upid | Told | None``."""
    params_by: str = ""
    """``module:Model`` of its parameters (pydantic); empty when it has none."""
    audited: frozenset[str] = frozenset()
    """Names of parameters that the audit keeps; of the others it keeps that they were given."""
    key: str = ""
    """Its letter in the menu; empty: the menu finds one."""
    in_menu: bool = True
    """False where the menu has something better for it; the palette and the command line have it all the same."""
    unavailable: Callable[[Any], str | None] = _always
    """Why it makes no sense for this guest, node, ... now: ``is running already``. It is told, and never decides."""
    tasks: tuple[str, ...] = ()
    """Types of the tasks that PVE starts for it, as in ``("qmstart", "vzstart")``; empty: guessed from the verb.

    By them a change is found again whose answer was lost.
    """
    effect: str = ""
    """The status that a guest shows once it worked: ``running``, ``stopped``; empty when none is to be waited for."""
    prepared_by: str = ""
    """``module:function`` of ``async (runtime, operation, targets, given) -> Prepared``: what its form begins with.

    ``given`` are parameters that are known already: the row that somebody stood on tells them.
    """
    moves_to: str = ""
    """The parameter that names the node on which a guest is afterwards; empty when it stays."""
    creates: bool = False
    """True when the target does not exist yet, so that there is nothing to look at before."""
    is_any: bool = False
    """True when it could be any change at all: it is refused where a rule denies some."""
    opened_by: str = ""
    """Of a console, which has no ``run_by``: ``module:function`` of ``async (app, runtime, target) -> None``.

    Empty: nothing in the dashboard opens it, and no menu offers it.
    """
    asked_by: str = ""
    """Of a console: ``module:function`` of ``async (runtime, target) -> str | None``: why there is none.

    It may ask the server, so a menu calls it once it is shown. Empty: nothing more can be known before.
    """

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    @property
    def verb(self) -> str:
        return self.name.partition(".")[2]

    def of(self, target: Target) -> str:
        """``Start VM 100 web``, ``Reboot node pve1``: a kind that the label names already is not named again."""
        kind, _, rest = target.label.partition(" ")
        return f"{self.label} {rest if rest and self.label.lower().endswith(f' {kind.lower()}') else target.label}"

    def acl_path(self, target: Target) -> str:
        """Where in PVE's access control list its privileges are needed: ``/vms/100``."""
        kind, storage = target.kind, target.id.partition(":")[0]
        known = {
            "vmid": target.id if kind in GUESTS else "",
            "node": target.id if kind is Kind.NODE else target.node,
            "storage": storage if kind in (Kind.STORAGE, Kind.VOLUME) else "",
            "pool": target.id if kind is Kind.POOL else "",
        }
        path = (self.acl or _USUAL_PATHS.get(kind, "/")).format_map(known)
        return "/" + path.strip("/")

    def params_model(self) -> type[BaseModel] | None:
        """The model of its parameters, loaded now."""
        return load(self.params_by) if self.params_by else None

    async def run(self, client: Changer, target: Target, params: Any) -> Upid | Told | None:
        """Make the change. Called by the gate and by nobody else.

        Gives the UPID of the task that PVE started, None (or what there is to show) when PVE answered that it is done.
        """
        run = load(self.run_by)
        answer: Upid | Told | None = await run(client, target, params)
        return answer

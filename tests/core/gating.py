"""A gate over a server of memory: what was sent, what stands in the journal, and time that only moves when told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from proxtui.config.models import Config, Endpoint, Role, Server, Settings, Tenant
from proxtui.core.acting import Acting
from proxtui.core.connection import Connection, Route
from proxtui.core.feature import Feature
from proxtui.core.gate import Gate
from proxtui.core.journal import AuditEntry, Phase
from proxtui.core.model import ServerRef
from proxtui.core.operation import GUESTS, Kind, Operation, Risk, Target
from proxtui.core.poller import Poller
from proxtui.core.store import Store
from proxtui.errors import AuditUnavailable
from proxtui.pve.limits import Breaker
from proxtui.pve.upid import Upid

from .fakes import FakeClock, settle

REF = ServerRef("acme", "a")
HERE = __name__


async def start(client: Any, target: Target, _params: Any) -> Upid:
    return Upid(await client.post(f"/nodes/{target.node}/{target.kind}/{target.id}/status/start"))


async def note(client: Any, target: Target, params: Any) -> None:
    await client.put(f"/nodes/{target.node}/{target.kind}/{target.id}/config", params and params.form())


async def stumble(_client: Any, _target: Target, _params: Any) -> None:
    raise TypeError("a bug of ours")


def operation(name: str = "guests.start", run: str = "start", **more: Any) -> Operation:
    return Operation(
        **(
            {
                "name": name,
                "label": name.partition(".")[2].title(),
                "summary": "It.",
                "kinds": GUESTS,
                "risk": Risk.SAFE,
                "role": Role.OPERATOR,
                "privileges": ("VM.PowerMgmt",),
                "run_by": f"{HERE}:{run}",
                "effect": "running" if run == "start" else "",
            }
            | more
        )
    )


START = operation()
NOTE = operation("guests.note", "note", params_by=f"{HERE}:NoteParams", audited=frozenset({"text"}))
STUMBLE = operation("guests.stumble", "stumble")
OPERATIONS = (START, NOTE, STUMBLE)


class NoteParams:
    """As a model of the library behaves, without one."""

    def __init__(self, text: str = "", password: str | None = None) -> None:
        from proxtui.errors import InvalidInput

        if "\x00" in text:
            raise InvalidInput("text", text, "no zero bytes")
        self.text, self.password = text, password

    def form(self) -> dict[str, str]:
        return {"description": self.text}

    def model_dump(self, **_how: Any) -> dict[str, Any]:
        return {"text": self.text, "password": self.password}


def vm(vmid: int = 100, name: str = "web", node: str = "n1", ref: ServerRef = REF) -> Target:
    return Target(ref, Kind.QEMU, str(vmid), name, node)


class MemoryJournal:
    """Keeps entries; fails when told to."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []
        self.left: list[AuditEntry] = []
        """What ``unfinished`` finds."""
        self.fails_at: set[Phase] = set()
        self.closed = False

    async def append(self, entry: AuditEntry) -> None:
        await asyncio.sleep(0)
        self._write(entry)

    async def finish(self, entry: AuditEntry) -> bool:
        await asyncio.sleep(0)
        if any((one.op_id, one.phase) == (entry.op_id, Phase.OUTCOME) for one in self.entries):
            return False
        self._write(entry)
        return True

    def _write(self, entry: AuditEntry) -> None:
        if entry.phase in self.fails_at:
            raise AuditUnavailable("the disk is full")
        self.entries.append(entry)

    async def unfinished(self) -> list[AuditEntry]:
        return self.left

    async def upids_since(self, since: float) -> frozenset[str]:
        return frozenset(entry.upid for entry in (*self.entries, *self.left) if entry.upid)

    async def aclose(self) -> None:
        self.closed = True

    @property
    def story(self) -> list[str]:
        """``intent``, ``sent``, ``outcome ok`` ... in their order."""
        return [f"{entry.phase} {entry.result or ''}".strip() for entry in self.entries]


@dataclass
class FakePve:
    """One server with a few guests; its tasks end when the test says so."""

    clock: FakeClock
    guests: dict[int, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[float, str, str]] = field(default_factory=list)
    sent: list[tuple[str, str, Any]] = field(default_factory=list)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    """Tasks that the cluster's list does not hold."""
    log: list[str] = field(default_factory=list)
    down: Exception | None = None
    refuses: Exception | None = None
    """What a change is answered with."""
    hangs: asyncio.Event | None = None
    """A change waits for it before it is answered."""
    lock: Callable[[], str | None] = lambda: None
    config: Any = field(default_factory=lambda: SimpleNamespace(full_token_id="mon@pve!tui", userid="mon@pve"))
    cluster: str = "prod"
    nodes: tuple[str, ...] = ("n1",)
    """What ``/cluster/status`` tells."""
    requests_sent: int = 0
    certificate_expires: float | None = None

    def guest(self, vmid: int, name: str = "web", node: str = "n1", status: str = "stopped", **more: Any) -> None:
        self.guests[vmid] = {"vmid": vmid, "name": name, "node": node, "status": status, "type": "qemu", **more}

    def times(self, path: str) -> list[float]:
        return [at for at, _method, asked in self.asked if asked == path]

    def end(self, upid: str, status: str = "OK") -> None:
        self.tasks[upid] |= {"status": status, "endtime": int(self.clock.time())}

    async def get(self, path: str, **_more: Any) -> Any:
        path = unquote(path)
        self.asked.append((self.clock.now, "GET", path))
        if self.down is not None:
            raise self.down
        parts = path.strip("/").split("/")
        if path == "/cluster/status":
            about = {"type": "cluster", "name": self.cluster, "quorate": 1}
            return [about, *({"type": "node", "name": name, "online": 1} for name in self.nodes)]
        if path == "/cluster/tasks":
            return [row for upid, row in self.tasks.items() if upid not in self.hidden]
        if path == "/cluster/resources":
            return list(self.guests.values())
        if parts[2:] == ["tasks"]:
            return list(self.tasks.values())
        if parts[-1] == "status":
            return self._status(parts[3])
        if parts[2:] in (["qemu"], ["lxc"]):
            return [row for row in self.guests.values() if (row["node"], row["type"]) == (parts[1], parts[2])]
        raise AssertionError(path)

    async def read(self, path: str, **_more: Any) -> bytes:
        if path.endswith("/log"):
            self.asked.append((self.clock.now, "GET", path))
            rows = [{"n": n, "t": text} for n, text in enumerate(self.log, 1)]
            return json.dumps({"data": rows, "total": len(rows)}).encode()
        return json.dumps({"data": await self.get(path)}).encode()

    async def post(self, path: str, data: Any = None, **_more: Any) -> Any:
        await self._change("POST", path, data)
        parts = path.strip("/").split("/")
        stamp = f"{int(self.clock.time()):08X}"
        upid = f"UPID:{parts[1]}:{len(self.tasks):08X}:00000001:{stamp}:qmstart:{parts[3]}:mon@pve!tui:"
        self.tasks[upid] = {"upid": upid, "node": parts[1], "user": "mon@pve!tui"}
        return upid

    async def put(self, path: str, data: Any = None, **_more: Any) -> Any:
        await self._change("PUT", path, data)

    async def aclose(self) -> None:
        pass

    async def _change(self, method: str, path: str, data: Any) -> None:
        from proxtui.pve.lock import check

        check(method, path, self.lock)
        self.asked.append((self.clock.now, method, path))
        self.sent.append((method, path, data))
        if self.hangs is not None:
            await self.hangs.wait()
        if self.refuses is not None:
            raise self.refuses

    def _status(self, upid: str) -> dict[str, Any]:
        from proxtui.errors import ValidationError

        row = self.tasks.get(upid)
        if row is None:
            raise ValidationError("Parameter verification failed.", status=400, errors={"upid": "no such task"})
        if "status" not in row:
            return {**row, "status": "running"}
        return {**row, "status": "stopped", "exitstatus": row["status"]}


@dataclass
class Stage:
    """What a test sees."""

    clock: FakeClock
    pve: FakePve
    journal: MemoryJournal
    acting: Acting
    store: Store
    nudged: list[ServerRef]

    @property
    def gate(self) -> Gate:
        return self.acting.gate

    @property
    def upid(self) -> str:
        """Of the task that was started last."""
        return list(self.pve.tasks)[-1]

    async def ended(self, run: Any, status: str = "OK") -> Any:
        """Let the task of a run end, and wait until the gate has noticed."""
        self.pve.end(run.upid, status)
        await self.clock.advance(10.0)
        assert run.has_ended
        return run


def config(**rules: Any) -> Config:
    server = Server(name="a", endpoints=(Endpoint(host="a1"),))
    return Config(tenants=(Tenant(slug="acme", name="Acme", servers=(server,)),), settings=Settings(**rules))


@asynccontextmanager
async def stage(
    configured: Config | None = None, *, read_only: bool = False, beside: Stage | None = None
) -> AsyncIterator[Stage]:
    """A gate over VM 100, ``web`` on n1. ``beside`` is another process with the same audit and tasks."""
    clock = FakeClock()
    pve, journal, store = FakePve(clock), beside.journal if beside else MemoryJournal(), Store(clock)
    pve.tasks = beside.pve.tasks if beside else pve.tasks
    pve.guest(100)
    store.register(REF)
    route = Route("a1:8006", lambda: pve, Breaker(now=clock.monotonic, random=lambda: 0.5))  # type: ignore[arg-type,return-value]
    connections = {REF: Connection(REF, [route])}
    rooms = (Feature(name="guests", title="Guests", operations=f"{HERE}:OPERATIONS"),)
    acting = Acting(
        configured or config(), clock, connections, read_only=read_only, features=rooms, make_journal=lambda: journal
    )
    pve.lock = lambda: acting.locked(REF)
    poller = Poller(list(connections.values()), store, clock)
    nudged: list[ServerRef] = []
    poller.nudge = nudged.append  # type: ignore[method-assign,assignment]
    acting.serve(store, poller)
    # Made in a thread, which no turn of the loop waits for.
    await acting._journal.unfinished()
    try:
        yield Stage(clock, pve, journal, acting, store, nudged)
    finally:
        await acting.aclose()
        await settle()

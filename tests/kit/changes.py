"""Operations, a gate and a running kernel made by hand, for tests of how changes are asked for and shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field, SecretStr

from proxtui.config.models import Role
from proxtui.core.model import GuestKey, ServerRef
from proxtui.core.operation import GUESTS, Kind, Operation, Risk, Target
from proxtui.core.run import Batch, Run, RunState
from proxtui.errors import InvalidInput, ProxtuiError
from proxtui.kit.desk import Desk
from proxtui.kit.prepared import Prepared
from proxtui.pve.rehearsal import PlannedRequest
from proxtui.pve.upid import Upid
from tests.kit import fakes
from tests.kit.fakes import BERLIN

UPID = Upid("UPID:pve1:0000A001:00B1C2D3:68F1A2B3:qmstart:100:root@pam:")


class CloneParams(BaseModel):
    """One field of every kind."""

    newid: int = Field(title="New VMID", description="The number of the copy.", ge=100)
    name: str | None = Field(None, title="Name", description="A DNS name for it.", pattern="^[a-z0-9-]+$")
    node: str | None = Field(None, title="Node")
    target: str | None = Field(None, title="To node", description="Where it is to be.")
    full: bool = Field(False, title="Full copy")
    format: Literal["raw", "qcow2"] | None = Field(None, title="Format")
    memory: int = Field(512, title="Memory", json_schema_extra={"unit": "MiB"})
    password: SecretStr | None = Field(None, title="Password")
    tags: list[str] = Field([], title="Tags")
    more: dict[str, str] = Field({}, title="Other keys")
    bwlimit: int | None = Field(None, title="Bandwidth", ge=1, json_schema_extra={"unit": "KiB/s", "rare": True})


class ConfigParams(BaseModel):
    """Some keys of a configuration."""

    cores: int | None = Field(None, title="Cores", ge=1)
    description: str | None = Field(None, title="Notes")
    cipassword: SecretStr | None = Field(None, title="Password")

    def form(self, kind: str = "") -> dict[str, Any]:
        found = self.model_dump(exclude_none=True)
        if self.cipassword is not None:
            found["cipassword"] = self.cipassword.get_secret_value()
        return found


def operation(verb: str, label: str, risk: Risk = Risk.SAFE, **known: Any) -> Operation:
    settings: dict[str, Any] = {
        "name": f"guests.{verb}",
        "label": label,
        "summary": f"{label}, told in one sentence.",
        "kinds": GUESTS,
        "risk": risk,
        "role": Role.OPERATOR,
        "privileges": (),
        "run_by": "tests.kit.changes:nothing",
        **known,
    }
    return Operation(**settings)


def _runs_already(guest: Any) -> str | None:
    return "is running already" if guest.status == "running" else None


START = operation("start", "Start", key="s", unavailable=_runs_already, effect="running")
SHUTDOWN = operation("shutdown", "Shut down", Risk.DISTURBS, key="d")
DELETE = operation("delete", "Delete", Risk.DESTROYS, key="x", role=Role.ADMIN)
CLONE = operation("clone", "Clone", Risk.SAFE, key="c", params_by="tests.kit.changes:CloneParams")
CONFIG = operation("config", "Edit configuration", Risk.DISTURBS, key="e", params_by="tests.kit.changes:ConfigParams")
STOP_TASK = operation("stop", "Stop task", Risk.DISTURBS, name="tasks.stop", kinds=frozenset({Kind.TASK}))
ALL = (START, SHUTDOWN, DELETE, CLONE, CONFIG, STOP_TASK)


def vm(vmid: int = 100, name: str = "web", ref: ServerRef = BERLIN) -> Target:
    return Target(ref, Kind.QEMU, str(vmid), name, "pve1")


class FakeGate:
    """Remembers what it was handed; its runs move when the test says so."""

    def __init__(self) -> None:
        self.submitted: list[tuple[str, str, Any, str]] = []
        self.runs: list[Run] = []
        self.batches: list[Batch] = []
        self.error: ProxtuiError | None = None
        self.made = 0
        self.pause: asyncio.Event | None = None
        """While set and not open, the server does not answer."""
        self.listeners: list[Callable[[Run], None]] = []

    async def submit(
        self, operation: Operation, target: Target, params: Any = None, *, reason: str = "", dry_run: bool = False
    ) -> Run:
        run = self._new(operation, target, params, dry_run)
        if dry_run:
            run.requests = (PlannedRequest("POST", f"/nodes/pve1/qemu/{target.id}/status/start", {"timeout": 60}),)
            run.mark(RunState.PLANNED)
            return run
        self.submitted.append((operation.name, target.id, params, reason))
        if self.pause is not None:
            await self.pause.wait()
        if isinstance(self.error, InvalidInput):
            raise self.error
        self.runs.append(run)
        if self.error is not None:
            self.move(run, RunState.FAILED, str(self.error), self.error)
        else:
            run.upid = UPID
            self.move(run, RunState.RUNNING)
        return run

    async def submit_all(
        self, operation: Operation, targets: Iterable[Target], params: Any = None, *, reason: str = ""
    ) -> Batch:
        batch = Batch(tuple(self._new(operation, target, params, False) for target in targets))
        self.batches.append(batch)
        self.runs.extend(batch.runs)
        return batch

    def _new(self, operation: Operation, target: Target, params: Any, dry_run: bool) -> Run:
        self.made += 1
        run = Run(f"op-{self.made}", operation, target, params, dry_run=dry_run)
        run.started = 1_790_001_000.0
        return run

    def move(self, run: Run, state: RunState, message: str = "", error: ProxtuiError | None = None) -> None:
        run.mark(state, message, error)
        if run.has_ended:
            run.release()
        # The real one tells of an end twice.
        for listener in self.listeners * (2 if run.has_ended else 1):
            listener(run)

    def running(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if not run.has_ended)

    def recent(self) -> tuple[Run, ...]:
        return tuple(run for run in reversed(self.runs) if run.has_ended)

    def subscribe(self, listener: Callable[[Run], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)


@dataclass
class FakePolicy:
    """Offers everything but what it is told to refuse."""

    refused: dict[str, str] = field(default_factory=dict)
    harder: dict[str, Risk] = field(default_factory=dict)

    def offered(self, operation: Operation, target: Target, permissions: object = None) -> str | None:
        if target.kind not in operation.kinds:
            return "not for this"
        return self.refused.get(operation.name)

    def needs_confirmation(self, operation: Operation, ref: ServerRef) -> Risk:
        return self.harder.get(operation.name, operation.risk)


@dataclass
class FakeLock:
    """Opened and closed without an audit."""

    open_for: dict[Any, float] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def locked(self, ref: ServerRef) -> str | None:
        return None if self.remaining(ref) is not None else "locked: open it with :write 15m REASON"

    def is_always_open(self, tenant: str) -> bool:
        return False

    def remaining(self, ref: ServerRef) -> float | None:
        return self.open_for.get(ref, self.open_for.get(ref.tenant))

    async def open(self, place: Any, seconds: float, reason: str) -> None:
        if not reason:
            raise InvalidInput("reason", reason, "say why")
        self.open_for[place] = seconds
        self.reasons.append(reason)

    async def close(self, place: Any = None) -> None:
        self.open_for.clear()


class ChangeableRuntime(fakes.FakeRuntime):
    """The running kernel with a gate."""

    gate: Any = None
    opened: ClassVar[bool] = True

    def __init__(self, *, locked: bool = False, **settings: Any) -> None:
        super().__init__(**settings)
        self.gate = FakeGate()
        self.policy = FakePolicy()
        self.catalogue = SimpleNamespace(all=lambda: {one.name: one for one in ALL}, consoles=dict)
        self.write_lock = FakeLock()
        if not locked:
            self.write_lock.locked = lambda ref: None  # type: ignore[method-assign]
        self.config = SimpleNamespace(servers=lambda: [(BERLIN, None), (fakes.PARIS, None)], tenants=())  # type: ignore[assignment]

    def connection(self, ref: ServerRef) -> Any:
        return SimpleNamespace(permissions=None)


class GuestsView(fakes.GuestsView):
    """Guests that something can be done to."""

    prepared: ClassVar[Prepared | None] = None

    def targets_of(self, row: Any) -> Target | None:
        key = row.key
        known = self.runtime.store.fleet().snapshot(ServerRef(key.tenant, key.server))
        assert known is not None
        assert isinstance(key, GuestKey)
        return Target(known.ref, Kind(key.kind), str(key.vmid), row.name, known.guests[key].node)

    async def prepare(self, operation: Operation, targets: Any) -> Prepared | None:
        return self.prepared


FEATURES = (fakes.FEATURES[1], fakes.Feature("guests", "Guests", "1", "tests.kit.changes:GuestsView"))[::-1]


class DeskApp(fakes.LiveApp):
    """The dashboard's screen over a fake kernel with a gate."""

    def __init__(self, runtime: ChangeableRuntime) -> None:
        super().__init__()
        known: Any = runtime
        self.live = Desk(known, FEATURES)

    def get_default_screen(self) -> Desk:
        return self.live

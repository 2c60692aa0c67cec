"""A change from the command line: found, asked about, handed to the gate, watched to its end, reported."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from proxtui.cli import ask
from proxtui.cli.changing_live import LiveFinder
from proxtui.cli.changing_options import from_target, model_of, values_of
from proxtui.cli.changing_report import Report, percent_told, tell_interrupted, watch
from proxtui.cli.changing_targets import Candidate, Finder, narrowed
from proxtui.cli.listing import refuse_silence
from proxtui.cli.output import narrate
from proxtui.cli.session import NOTHING_CONFIGURED, Session
from proxtui.core.heeding import heeding_signals
from proxtui.core.operation import GUESTS, Kind, Operation, Risk, Target
from proxtui.core.run import Batch, Run
from proxtui.core.unlocking import Unlocking, unlocking
from proxtui.errors import AuditUnavailable, InvalidInput, NotConfigured, UsageError

if TYPE_CHECKING:
    from proxtui.config.models import Config
    from proxtui.core.model import ServerRef
    from proxtui.core.runtime import Runtime

RECONCILE_SECONDS = 15.0
"""For finding out what became of changes whose process died; what is not found out then has to wait."""
_HARDNESS = {Risk.SAFE: 0, Risk.DISTURBS: 1, Risk.DESTROYS: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class _How:
    targets: tuple[str, ...] = ()
    server: str | None = None
    on_node: str | None = None
    yes: bool = False
    dry_run: bool = False
    no_wait: bool = False
    reason: str = ""
    write: str | None = None
    as_json: bool = False


class Wish:
    """What somebody typed."""

    def __init__(self, operation: Operation, said: dict[str, Any], **how: Any) -> None:
        self.operation = operation
        self.said = said
        self.how = _How(**how)


@dataclass(slots=True)
class _Plan:
    """What is to be done to what, all of it understood."""

    operation: Operation
    candidates: list[Candidate]
    params: Any
    targets: list[Target] = field(init=False)

    def __post_init__(self) -> None:
        self.targets = [candidate.target for candidate in self.candidates]


def change(session: Session, wish: Wish) -> int:
    """Make the change; gives the exit code. Everything that keeps it from being sent is raised."""
    config = session.configuration()
    if config is None:
        raise NotConfigured(NOTHING_CONFIGURED)
    lock = unlocking(wish.how.write, wish.how.reason)
    values = values_of(wish.operation, wish.said)
    # Wrong values cost nobody a request; what the target answers is not known yet.
    _refuse_wrong(wish.operation, values)
    meant = ask.with_passwords(narrowed(config, wish.how.server))
    return asyncio.run(heeding_signals(_change(session, meant, wish, values, lock)))


def _refuse_wrong(operation: Operation, values: dict[str, Any]) -> None:
    model = operation.params_model()
    fields = getattr(model, "model_fields", {})
    stand_ins = {"node": "node", "vmid": 100}
    given = {name: stand_ins[name] for name in from_target(operation) if name in fields}
    model_of(operation, {**given, **values})


async def _change(session: Session, config: Config, wish: Wish, values: dict[str, Any], lock: Unlocking) -> int:
    from proxtui.wiring import open_runtime

    how = wish.how
    async with open_runtime(config, ask_totp=ask.for_totp, record=True) as runtime:
        await runtime.poller.poll_once()
        fleet = runtime.store.fleet()
        refuse_silence(runtime, fleet)
        finder = LiveFinder(runtime, Finder(fleet, how.server, how.on_node))
        candidates = await finder.found(wish.operation, how.targets, str(values.get("node") or ""))
        plan = _planned(wish, values, list({one.target: one for one in candidates}.values()))
        await lock.unlock(runtime.write_lock, [target.ref for target in plan.targets], narrate)
        if not how.dry_run:
            await _settle_the_past(runtime, None if how.server is None else runtime.connections)
            _confirm(runtime, plan, yes=how.yes)
        try:
            batch = await _sent(runtime, plan, how)
        except asyncio.CancelledError:
            tell_interrupted(runtime.gate.running())
            raise
        report = Report(session.output, fleet, batch, plan.params)
        try:
            await watch(runtime, batch, wait=not how.no_wait)
        except asyncio.CancelledError:
            batch.stop()
            report.interrupted()
            raise
        finally:
            report.show(as_json=how.as_json)
        return batch.exit_code


def _planned(wish: Wish, values: dict[str, Any], candidates: list[Candidate]) -> _Plan:
    operation = wish.operation
    fields = getattr(operation.params_model(), "model_fields", {})
    given = [_given(operation, one.target, fields) for one in candidates]
    if any(one != given[0] for one in given):
        raise UsageError(f"{operation.label}: one at a time, for its parameters name the node or the VMID")
    params = model_of(operation, {**given[0], **values})
    for candidate in candidates:
        if candidate.target.kind not in operation.kinds:
            wrong = {"qemu": "VM", "lxc": "container"}.get(candidate.target.kind, candidate.target.kind.value)
            raise InvalidInput("target", candidate.target.label, f"{operation.label} is not for a {wrong}")
        if params is not None and candidate.target.kind in GUESTS:
            params.form(candidate.target.kind)  # refuses what only the other kind has
        if candidate.thing is not None and not operation.creates and (why := operation.unavailable(candidate.thing)):
            narrate(f"{candidate.target.label} {why}, as last read; PVE decides")
    return _Plan(operation, candidates, params)


def _given(operation: Operation, target: Target, fields: Any) -> dict[str, Any]:
    """What the target answers itself."""
    known = {"node": target.id if target.kind is Kind.NODE else target.node, "vmid": target.id}
    return {name: known[name] for name in from_target(operation) if name in fields and known[name]}


async def _settle_the_past(runtime: Runtime, only: Container[ServerRef] | None) -> None:
    """Tell what became of changes that an earlier process left behind; the audit has it from now on.

    ``only`` of these servers: what was left on others waits for a command that asks them.
    """
    try:
        async with asyncio.timeout(RECONCILE_SECONDS):
            for run in await runtime.gate.reconcile(only):
                narrate(f"left behind by an earlier command: {run.line}")
    except AuditUnavailable as error:
        # The gate decides what that means for this change.
        narrate(str(error))
    except TimeoutError:
        narrate("what became of earlier changes is not known yet: their servers are slow to answer")


def _confirm(runtime: Runtime, plan: _Plan, *, yes: bool) -> None:
    """Ask as hard as the strictest of the servers wants it. What the gate will refuse is not asked about."""
    policy, lock = runtime.policy, runtime.write_lock
    refs = list(dict.fromkeys(target.ref for target in plan.targets))
    if any(policy.refusal(plan.operation, ref) or lock.locked(ref) for ref in refs):
        return
    if yes or all(policy.dry_run(ref) for ref in refs):
        return
    from proxtui.kit.questions import question_of

    risk = max((policy.needs_confirmation(plan.operation, ref) for ref in refs), key=_HARDNESS.__getitem__)
    question = question_of(plan.operation, plan.targets, risk) if risk is not Risk.SAFE else None
    if question is None:
        return
    if not ask.somebody_is_there():
        raise UsageError(f"{question.lines[0]} It asks first: --yes answers, --dry-run shows what would be sent")
    for line in (*question.lines, *([question.warning] if question.warning else [])):
        narrate(line)
    if question.typed:
        is_sure = ask.for_answer(f"Type {question.typed} to go on") == question.typed
    else:
        is_sure = ask.for_answer("Go on? [y/N]").lower() in ("y", "yes")
    if not is_sure:
        raise UsageError("not confirmed, nothing was sent")


async def _sent(runtime: Runtime, plan: _Plan, how: _How) -> Batch:
    """One by itself raises what refuses it; of many each keeps its own. An upload is told of as it goes."""
    given: dict[str, Any] = {"reason": how.reason, "dry_run": how.dry_run}
    if len(plan.targets) > 1:
        return await runtime.gate.submit_all(plan.operation, plan.targets, plan.params, **given)
    with percent_told(runtime.gate):
        run: Run = await runtime.gate.submit(plan.operation, plan.targets[0], plan.params, **given)
    return Batch((run,))

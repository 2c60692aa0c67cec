"""What the gate tells the audit: every change as an intent, an answer and an outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from proxtui.config.models import Role
from proxtui.core.actor import Actor
from proxtui.core.clock import Clock
from proxtui.core.connection import Connection
from proxtui.core.journal import AuditEntry, Journal, Phase, Result
from proxtui.core.model import ServerRef
from proxtui.core.operation import Operation
from proxtui.core.redact import Redactor
from proxtui.core.run import Run, RunState
from proxtui.errors import ApiError, InvalidInput
from proxtui.pve.sanitize import clean
from proxtui.pve.witness import template_of

if TYPE_CHECKING:
    from proxtui.core.write_lock import LockEvent

HIDDEN = "***"
LONGEST_VALUE = 500
_RESULTS = {
    RunState.OK: Result.OK,
    RunState.WARNINGS: Result.WARNINGS,
    RunState.FAILED: Result.FAILED,
    RunState.UNKNOWN: Result.UNKNOWN,
    RunState.DENIED: Result.DENIED,
    RunState.PLANNED: Result.OK,
}


class Recorder:
    """Writes entries. Each call returns once its entry is on disk, or raises ``AuditUnavailable``."""

    def __init__(
        self,
        journal: Journal,
        actor: Actor,
        role: Callable[[str], Role],
        connections: Mapping[ServerRef, Connection],
        clock: Clock,
    ) -> None:
        self._journal = journal
        self._actor = actor
        self._role = role
        self._connections = connections
        self._clock = clock

    async def refused(self, run: Run, message: str) -> None:
        """A story of one line: somebody wanted something that they may not."""
        await self._journal.append(self._entry(run, Phase.SINGLE, result=Result.DENIED, message=message))

    async def rehearsed(self, run: Run) -> None:
        """A story of one line: what would have been sent was shown."""
        message = "; ".join(f"{request.method} {request.path}" for request in run.requests)
        method, path = "", ""
        if run.requests:
            method, path = run.requests[-1].method, template_of(run.requests[-1].path)
        entry = self._entry(run, Phase.SINGLE, result=Result.OK, message=message)
        await self._journal.append(replace(entry, method=method, path=path))

    async def intent(self, run: Run) -> None:
        """Before anything is sent."""
        await self._journal.append(self._entry(run, Phase.INTENT))

    async def sent(self, run: Run, message: str = "") -> None:
        """PVE answered; what it started runs on."""
        await self._journal.append(self._entry(run, Phase.SENT, message=message))

    async def outcome(self, run: Run) -> None:
        """The end, as far as anybody will know. ``run`` has ended."""
        status = run.error.status if isinstance(run.error, ApiError) else 0
        took = round((self._clock.time() - run.started) * 1000) if run.started else None
        entry = self._entry(
            run, Phase.OUTCOME, result=_RESULTS[run.state], message=run.message, status=status, duration_ms=took
        )
        if run.is_ours:
            await self._journal.append(entry)
        else:
            await self._journal.finish(entry)

    async def closed(self, entry: AuditEntry, run: Run) -> None:
        """The end of a change that another process began: its own words, our finding. Nothing when it has an end."""
        await self._journal.finish(
            replace(
                entry,
                phase=Phase.OUTCOME,
                actor=self._as(entry.tenant),
                upid=str(run.upid or entry.upid),
                result=_RESULTS[run.state],
                message=run.message,
                status=0,
                duration_ms=None,
            )
        )

    async def upids_since(self, since: float) -> frozenset[str]:
        """See ``Journal.upids_since``."""
        return await self._journal.upids_since(since)

    async def lock(self, event: LockEvent) -> None:
        """The write lock was opened or closed."""
        tenant, server = (*event.place, "")[:2]
        await self._journal.append(
            AuditEntry(
                event=event.event,
                phase=Phase.SINGLE,
                actor=self._as(tenant),
                tenant=tenant,
                server=server,
                result=Result.OK,
                message=event.message,
                reason=event.reason,
            )
        )

    def _as(self, tenant: str) -> Actor:
        return replace(self._actor, role=self._role(tenant))

    def _entry(self, run: Run, phase: Phase, **more: Any) -> AuditEntry:
        target, connection = run.target, self._connections[run.target.ref]
        method, path = run.sent[-1] if run.sent else ("", "")
        return AuditEntry(
            event=run.operation.name,
            phase=phase,
            actor=self._as(target.ref.tenant),
            op_id=run.op_id,
            tenant=target.ref.tenant,
            server=target.ref.server,
            endpoint=connection.active.endpoint,
            identity=identity_of(connection),
            method=method,
            path=path,
            target_kind=target.kind,
            target_id=clean(target.id),
            target_name=clean(target.name),
            target_node=clean(target.node),
            params=told(run.operation, run.params),
            dry_run=run.dry_run,
            upid=str(run.upid or ""),
            reason=clean(run.reason),
            **more,
        )


def identity_of(connection: Connection) -> str:
    """The user or token that PVE sees, never the secret."""
    config = connection.client.config
    return config.full_token_id or config.userid


def told(operation: Operation, params: Any) -> dict[str, str]:
    """The parameters as the audit keeps them: the listed ones by their value, of the others that they were given."""
    given = fields_of(params)
    return {
        clean(name): clean(str(value))[:LONGEST_VALUE] if name in operation.audited else HIDDEN
        for name, value in given.items()
        if value is not None
    }


def secrets_of(params: Any) -> frozenset[str]:
    """Values that may stand in no request that is shown: those of secret fields, and options that are passwords."""
    from pydantic import SecretStr

    given = [getattr(params, name, None) for name in getattr(type(params), "secrets", frozenset)()]
    found = {value.get_secret_value() for value in given if isinstance(value, SecretStr)}
    options = getattr(params, "set", None)
    if isinstance(options, Mapping):
        found |= {str(value) for name, value in options.items() if "password" in name}
    return frozenset(found)


def without_secrets(params: Any, text: str) -> str:
    """What a server said of a change, without the passwords that it was given."""
    if params is None:
        return text
    redactor = Redactor()
    redactor.hide(*secrets_of(params))
    return redactor(text)


def fields_of(params: Any) -> Mapping[str, Any]:
    """Names and values of a model, or of a plain mapping; empty for None."""
    if params is None:
        return {}
    if isinstance(params, Mapping):
        return params
    fields: Mapping[str, Any] = params.model_dump(exclude_none=True)
    return fields


def checked(operation: Operation, params: Any) -> Any:
    """The parameters as their model. ``InvalidInput`` names the first field that is wrong; nothing was sent then."""
    model = operation.params_model()
    if model is None:
        if params:
            raise InvalidInput("params", operation.name, "takes no parameters")
        return None
    return params if isinstance(params, model) else model(**fields_of(params))

"""The one way in which the configuration is changed: recorded first, allowed, saved as a whole, recorded again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, TypeVar

from proxtui.config.keyed import KeyedConfig
from proxtui.config.models import Config
from proxtui.core.actor import Actor
from proxtui.core.complaints import Judge, nothing_wrong
from proxtui.core.journal import AuditEntry, Journal, Phase, Result
from proxtui.core.op_id import new_op_id
from proxtui.core.owning import ReportedBug, report_bug
from proxtui.core.redact import HIDDEN, redact
from proxtui.core.rights import Rights
from proxtui.core.secrets import SECRET_NAMES, secrets_in
from proxtui.errors import AuditUnavailable, ProxtuiError, ReadOnlyError, RoleRefused, UsageError
from proxtui.pve.sanitize import clean

if TYPE_CHECKING:
    from proxtui.config.vault.edits import Edit
    from proxtui.config.vault.opened import OpenVault, Readable
    from proxtui.config.vault.slots import Material

T = TypeVar("T")
Listener = Callable[[Config], None]
log = logging.getLogger(__name__)

KINDS = {
    "servers": "server",
    "tls": "server",
    "tenants": "tenant",
    "users": "user",
    "settings": "settings",
    "config": "settings",
    "keys": "key",
}
"""From the first word of a change's name to what it is made to, in the audit."""
LONGEST = 200
WHOLE = frozenset({"fingerprints", "fingerprints_before"})
"""Public, and worth nothing when cut: each of some pins of every node has 95 signs."""


class Registrar:
    """Belongs to one open vault and one person. ``aclose`` waits for a save that is under way.

    A change of one tenant needs the role admin there or the system role admin; any other needs the system role.
    The key decides in the end: what it does not open, it does not change. ``key_alone``: for repairs, no role is asked.
    """

    def __init__(
        self,
        vault: OpenVault,
        journal: Journal,
        actor: Actor,
        environ: Mapping[str, str],
        *,
        read_only: bool = False,
        key_alone: bool = False,
        judge: Judge = nothing_wrong,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.vault = vault
        self._journal = journal
        self._actor = actor
        self._now = now
        self._judge = judge
        self._one_at_a_time = asyncio.Lock()
        self._stories: set[asyncio.Task[object]] = set()
        self._listeners: dict[object, Listener] = {}
        self.rights = Rights(vault, environ, read_only=read_only, key_alone=key_alone)
        """What this person may, without the change being tried."""

    @property
    def config(self) -> Config:
        """All that the key opens, as it was read or saved last: servers that are switched off, too."""
        return self.vault.config

    @property
    def polled(self) -> KeyedConfig:
        """The part of it that a runtime is opened over: servers with credentials, roles and limits as they count."""
        return self.rights.polled

    @property
    def who(self) -> str:
        """The label of the key, which is the name of the person."""
        return self.vault.slot.label

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with the configuration after every change, until the returned function is called."""
        ticket = object()
        self._listeners[ticket] = listener

        def unsubscribe() -> None:
            self._listeners.pop(ticket, None)

        return unsubscribe

    def refusal(self, name: str, tenant: str = "") -> str | None:
        """Why this person may not make this change now, in one line; None when they may. ``tenant``: of that alone."""
        refused = self.rights.refused(name, tenant)
        return None if refused is None else str(refused)

    async def save(
        self,
        name: str,
        edits: Sequence[Edit],
        *,
        tenant: str = "",
        server: str = "",
        about: Mapping[str, str] | None = None,
    ) -> None:
        """Make one change, by name as in ``servers.add``. ``about`` is what the audit tells of it, without secrets.

        RoleRefused, ReadOnlyError and ScopeClosed (nothing was written, the audit tells it), AuditUnavailable,
        UsageError for what cannot be meant by the file or by the room that owns it, FileLocked, SaveFailed, and what
        opening the file raises.
        """
        redact.hide(*(text for edit in edits for text in secrets_in(edit.path[-1], getattr(edit, "value", None))))
        entry = self._new(name, tenant, server, about or {})

        def work() -> None:
            _refuse_wrong(self._judge, self.vault, edits)
            self.vault.save(*edits)

        await self._change(entry, work)

    async def deny(self, name: str, why: str, *, tenant: str = "", about: Mapping[str, str] | None = None) -> NoReturn:
        """Refuse a change for a reason of its own: the audit tells it. Raises RoleRefused, or AuditUnavailable."""
        await self._denied(self._new(name, tenant, "", about or {}), RoleRefused(f"{name}: {why}"))

    async def note(self, event: str, *, went_well: bool = True) -> None:
        """Tell the audit that somebody covered the screen with this key or opened it. AuditUnavailable."""
        await self._journal.append(
            AuditEntry(
                event=event,
                phase=Phase.SINGLE,
                actor=replace(self._actor, role=self.rights.role("")),
                params={"slot": self.who, "where": "dashboard"},
                result=Result.OK if went_well else Result.FAILED,
            )
        )

    async def add_key(
        self,
        label: str,
        material: Material,
        *,
        every: str = "none",
        tenants: Mapping[str, str] | None = None,
        edits: Sequence[Edit] = (),
        name: str = "keys.add",
        about: Mapping[str, str] | None = None,
    ) -> None:
        """A key slot for a person or for unattended use; ``edits`` go into the same save. Raises what ``save`` does."""
        opens = " ".join(f"{slug}={scope}" for slug, scope in (tenants or {}).items())
        told = {"label": label, "kind": material.kind, "every": every, "tenants": opens} | dict(about or {})
        entry = self._new(name, "", "", told)
        await self._change(
            entry, lambda: self.vault.add_slot(label, material, every=every, tenants=tenants, edits=edits)
        )

    async def remove_key(
        self, label: str, *, edits: Sequence[Edit] = (), name: str = "keys.remove"
    ) -> tuple[Readable, ...]:
        """Take a slot away and give everything new keys. The credentials it could read: rotate them in PVE."""
        entry = self._new(name, "", "", {"label": label})
        return await self._change(entry, lambda: self.vault.remove_slot(label, edits))

    async def rekey(self) -> None:
        """New keys for everything; every slot opens what it did before."""
        await self._change(self._new("keys.rekey", "", "", {}), self.vault.rekey)

    async def change_material(self, material: Material) -> None:
        """Another passphrase or keyfile for the key in use: everybody may change their own."""
        entry = self._new("keys.change", "", "", {"label": self.who, "kind": material.kind})
        await self._change(entry, lambda: self.vault.change_material(material))

    async def reread(self) -> None:
        """Read the file again, for another process may have saved it. What opening the file raises."""
        async with self._one_at_a_time:
            before = self.vault.rev
            await asyncio.to_thread(self.vault.reload)
            self.rights.learn()
        if self.vault.rev != before:
            _tell(self._listeners.values(), self.config)

    async def aclose(self) -> None:
        """Wait for the end of what is being saved."""
        if self._stories:
            await asyncio.gather(*self._stories, return_exceptions=True)

    async def _change(self, entry: AuditEntry, work: Callable[[], T]) -> T:
        story: asyncio.Task[T] = asyncio.create_task(self._story(entry, work), name=entry.event)
        self._stories.add(story)
        story.add_done_callback(self._stories.discard)
        # Whoever asked may go away: what is being saved gets its outcome all the same.
        try:
            return await asyncio.shield(story)
        except asyncio.CancelledError:
            story.add_done_callback(report_bug)
            raise

    async def _story(self, entry: AuditEntry, work: Callable[[], T]) -> T:
        async with self._one_at_a_time:
            # Somebody else may have taken the role away meanwhile.
            await asyncio.to_thread(self.vault.reload)
            self.rights.learn()
            entry = replace(entry, actor=replace(self._actor, role=self.rights.role(entry.tenant)))
            if (refused := self.rights.refused(entry.event, entry.tenant)) is not None:
                await self._denied(entry, refused)
            await self._journal.append(entry)
            started = self._now()
            try:
                done = await asyncio.to_thread(work)
            except ProxtuiError as error:
                await self._outcome(entry, started, error)
                raise
            self.rights.learn()
            _tell(self._listeners.values(), self.config)
            await self._outcome(entry, started, None)
            return done

    async def _denied(self, entry: AuditEntry, error: ReadOnlyError) -> NoReturn:
        actor = replace(self._actor, role=self.rights.role(entry.tenant))
        message = clean(str(error))
        await self._journal.append(
            replace(entry, phase=Phase.SINGLE, actor=actor, result=Result.DENIED, message=message)
        )
        raise error

    async def _outcome(self, entry: AuditEntry, started: float, error: ProxtuiError | None) -> None:
        result = Result.OK if error is None else Result.DENIED if isinstance(error, ReadOnlyError) else Result.FAILED
        message = "" if error is None else clean(str(error))
        took = round((self._now() - started) * 1000)
        try:
            await self._journal.append(
                replace(entry, phase=Phase.OUTCOME, result=result, message=message, duration_ms=took)
            )
        except AuditUnavailable as unwritten:
            log.error("%s (%s) is not whole in the audit: %s", entry.event, entry.op_id, unwritten)
            if error is None:
                raise AuditUnavailable(
                    f"saved, but its end is not in the audit: {unwritten}", why=unwritten.why
                ) from None

    def _new(self, name: str, tenant: str, server: str, about: Mapping[str, str]) -> AuditEntry:
        kind = KINDS[name.partition(".")[0]]
        target = {"server": server, "tenant": tenant}.get(kind) or about.get("label") or about.get("name") or ""
        told = {
            key: HIDDEN if key in SECRET_NAMES else clean(text)[: None if key in WHOLE else LONGEST]
            for key, text in about.items()
            if text != ""
        }
        return AuditEntry(
            event=name,
            phase=Phase.INTENT,
            actor=self._actor,
            op_id=new_op_id(self._now()),
            tenant=tenant,
            server=server,
            target_kind=kind,
            target_id=clean(target),
            target_name=clean(target),
            params=told,
        )


def _refuse_wrong(judge: Judge, vault: OpenVault, edits: Sequence[Edit]) -> None:
    """UsageError for the first thing that these edits make wrong. What was wrong before hinders no other change."""
    from proxtui.config.vault.contents import config_of
    from proxtui.config.vault.edits import edited

    if found := judge(config_of(edited(vault.plain, edits))):
        known = judge(vault.config)
        if line := next((line for line in found if line not in known), None):
            raise UsageError(clean(line))


def _tell(listeners: Iterable[Listener], config: Config) -> None:
    for listener in list(listeners):
        with ReportedBug("who listens to the configuration"):
            listener(config)

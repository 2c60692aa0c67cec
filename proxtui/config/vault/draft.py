"""A vault while it is being changed: opened from the file as it is now, changed, and sealed again as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from proxtui import __version__
from proxtui.config.vault.contents import (
    FILE,
    SYSTEM,
    Contents,
    Locker,
    Plain,
    admin_of,
    is_monitor,
    monitor_of,
    new_id,
)
from proxtui.config.vault.crypto import NotOpened, agrees, decode, digest, encode, random_key, subkey
from proxtui.config.vault.fields import open_all, seal_settings, seal_tenant, seal_users, without_credentials
from proxtui.config.vault.shape import Document, Header, Slot, plain_of
from proxtui.config.vault.slots import granted, scope_keys
from proxtui.errors import ScopeClosed, Tampered, UsageError

if TYPE_CHECKING:
    from proxtui.config.vault.edits import Edit

AUDIT = "audit/1"


def _file_value(header: Header, data: Plain) -> list[Any]:
    about = plain_of(header)
    about["mac"] = {scope: mac for scope, mac in header.mac.items() if scope != FILE}
    return ["file", 1, about, data]


def _system_value(header: Header, data: Plain) -> list[Any]:
    roster = sorted(slot.roster for slot in header.slots)
    return ["system", 1, header.file_id, data["settings"], data["users"], roster, sorted(data["tenants"])]


def _tenant_value(header: Header, tenant_id: str, raw: Plain, scope: str) -> list[Any]:
    is_admin = scope == admin_of(tenant_id)
    return ["tenant", 1, header.file_id, scope, raw if is_admin else without_credentials(raw)]


class Draft:
    """What one slot may read and change of a document. Tampered when the document is not what was written."""

    def __init__(self, document: Document, slot_id: str, private: bytes, *, only_monitor: bool = False) -> None:
        """``only_monitor`` opens of each tenant the scope ``monitor`` alone, whatever else the slot holds."""
        self.document = document
        self.only_monitor = only_monitor
        self.slots = list(document.header.slots)
        self._slot_id = slot_id
        self._file_id = document.header.file_id
        wanted = (lambda scope: scope == FILE or is_monitor(scope)) if only_monitor else None
        keys = scope_keys(self._file_id, self.slot, private, wanted)
        if FILE not in keys:
            raise Tampered("the key slot in use opens nothing", place="slots")
        self.locker = Locker(self._file_id, keys)
        self._verify()
        self.contents: Contents = open_all(document.data, self.locker)
        self._changed: set[str] = set()

    @staticmethod
    def signed(document: Document, locker: Locker) -> Document:
        """A document without tenants, authenticated by the keys of a locker that holds them all."""
        header, data = document.header, document.data
        mac = {SYSTEM: digest(locker.keys[SYSTEM], _system_value(header, data))}
        header = replace(header, mac=mac)
        mac[FILE] = digest(locker.keys[FILE], _file_value(header, data))
        return Document(header, data)

    @property
    def slot(self) -> Slot:
        """The one that opened it."""
        return next(slot for slot in self.slots if slot.id == self._slot_id)

    @property
    def keys(self) -> dict[str, bytes]:
        """The keys of the scopes that are open."""
        return self.locker.keys

    def _verify(self) -> None:
        header, data = self.document.header, self.document.data
        values = [(FILE, _file_value(header, data))]
        if SYSTEM in self.keys:
            values.append((SYSTEM, _system_value(header, data)))
        for tenant_id, raw in data["tenants"].items():
            scopes = (monitor_of(tenant_id), admin_of(tenant_id))
            values += [(scope, _tenant_value(header, tenant_id, raw, scope)) for scope in scopes if scope in self.keys]
        for scope, value in values:
            if not agrees(self.keys[scope], value, header.mac.get(scope, "")):
                part = "whole file" if scope == FILE else scope
                raise Tampered(f"config.toml was changed outside proxtui ({part}): it is not used", place=scope)

    def need_system(self) -> None:
        """ScopeClosed unless this slot may change settings, users, slots and the list of tenants."""
        if SYSTEM not in self.keys:
            raise ScopeClosed("the key slot in use may not change settings, users, key slots or the list of tenants")

    def apply(self, edits: Sequence[Edit]) -> None:
        """Make edits. UsageError for one that cannot be meant, ScopeClosed for one that this slot may not make."""
        from proxtui.config.vault.edits import edited

        before, after = self.contents.plain, edited(self.contents.plain, edits)
        if any(before[part] != after[part] for part in ("settings", "users")):
            self.need_system()
        gone, come = before["tenants"].keys() - after["tenants"].keys(), after["tenants"].keys() - before["tenants"]
        if gone or come:
            self.need_system()
        for slug in gone:
            self._drop(self.contents.ids.pop(("tenants", slug)))
        for slug in after["tenants"]:
            if slug in come:
                self._found_tenant(slug)
            elif before["tenants"][slug] != after["tenants"][slug]:
                self._may_change(slug)
        self.contents.plain = after

    def _may_change(self, slug: str) -> None:
        tenant_id = self.contents.ids["tenants", slug]
        if admin_of(tenant_id) not in self.keys:
            raise ScopeClosed(f"the key slot in use does not open the scope admin of {slug}")
        self._changed.add(slug)

    def _drop(self, tenant_id: str) -> None:
        del self.document.tenants[tenant_id]
        for scope in (monitor_of(tenant_id), admin_of(tenant_id)):
            self.keys.pop(scope, None)
            self.slots = [
                replace(slot, keys={at: key for at, key in slot.keys.items() if at != scope}) for slot in self.slots
            ]

    def _found_tenant(self, slug: str) -> None:
        tenant_id = self.contents.ids["tenants", slug] = new_id("t")
        self._changed.add(slug)
        new = {monitor_of(tenant_id): random_key(), admin_of(tenant_id): random_key()}
        self.keys.update(new)
        for index, slot in enumerate(self.slots):
            said = {"none": 0, "monitor": 1, "admin": 2}[slot.every]
            self.slots[index] = granted(self._file_id, slot, dict(list(new.items())[:said]))

    def put_slot(self, slot: Slot) -> None:
        """Add a slot, or put it in the place of the one with its id."""
        others = [one for one in self.slots if one.id != slot.id]
        if any(one.label == slot.label for one in others):
            raise UsageError(f"there is a key slot {slot.label!a} already")
        self.slots = [slot if one.id == slot.id else one for one in self.slots]
        if len(others) == len(self.slots):
            self.slots.append(slot)

    def grant(self, slot: Slot, tenants: dict[str, str]) -> Slot:
        """The slot with the keys that ``every`` and ``tenants`` (slug to ``monitor`` or ``admin``) give it."""
        self.need_system()
        wanted: dict[str, str] = {slug: slot.every for slug in self.contents.plain["tenants"] if slot.every != "none"}
        # Every tenant means every one: what is said of a single one can only add to it.
        wanted |= {slug: said for slug, said in tenants.items() if wanted.get(slug) != "admin"}
        scopes = [FILE, *([SYSTEM] if slot.every == "admin" else [])]
        for slug, scope in wanted.items():
            if ("tenants", slug) not in self.contents.ids or scope not in ("monitor", "admin"):
                raise UsageError(f"{slug}: needs the slug of a tenant, and monitor or admin")
            tenant_id = self.contents.ids["tenants", slug]
            scopes += [monitor_of(tenant_id), *([admin_of(tenant_id)] if scope == "admin" else [])]
        return granted(self._file_id, slot, {scope: self.keys[scope] for scope in scopes})

    def remove_slot(self, label: str) -> Slot:
        """Take a slot away; ``rekey`` has to follow."""
        self.need_system()
        gone = next((slot for slot in self.slots if slot.label == label), None)
        if gone is None:
            raise UsageError(f"there is no key slot {label!a}")
        if gone.id == self._slot_id:
            raise UsageError("the key slot in use cannot be removed: use another one for that")
        self.slots.remove(gone)
        return gone

    def rekey(self) -> None:
        """New keys for every scope, wrapped for the slots that had them; everything is sealed anew."""
        self.need_system()
        former = [*self.former(), self.audit_key()]
        if closed := set(self.document.tenants) & set(self.contents.hidden):
            raise ScopeClosed(
                f"tenant {min(closed)} cannot be read, so it cannot get new keys: remove or restore it first"
            )
        if self.contents.kept:
            raise ScopeClosed("a damaged credential cannot get a new key: put or delete it first")
        self.locker = Locker(self._file_id, {scope: random_key() for scope in self.keys})
        self.slots = [
            granted(self._file_id, slot, {scope: self.keys[scope] for scope in slot.keys}) for slot in self.slots
        ]
        self.document.data["former"] = [
            self.locker.seal(FILE, ["former", str(index)], encode(key)) for index, key in enumerate(former)
        ]
        self._changed |= set(self.contents.plain["tenants"])

    def audit_key(self) -> bytes:
        """The key that chains the audit."""
        return subkey(self.keys[FILE], AUDIT)

    def former(self) -> list[bytes]:
        """The audit's keys before each change of the file key, oldest first."""
        try:
            texts = enumerate(self.document.data["former"])
            return [decode(self.locker.open(FILE, ["former", str(index)], text)) for index, text in texts]
        except NotOpened:
            raise Tampered("a former key of the audit is damaged", place="former") from None

    def with_data(self) -> Document:
        """The document with its data as it is now, where nothing but the file key has to agree to it."""
        header = replace(self.document.header, mac=dict(self.document.header.mac))
        header.mac[FILE] = digest(self.keys[FILE], _file_value(header, self.document.data))
        return Document(header, self.document.data)

    def finish(self, rev: int) -> Document:
        """The document to write, with this revision."""
        old = self.document.header
        data = self.document.data
        tenants = data["tenants"]
        for slug in self._changed & set(self.contents.plain["tenants"]):
            tenants[self.contents.ids["tenants", slug]] = seal_tenant(self.contents, slug, self.locker)
        data["settings"] = seal_settings(self.contents, self.locker)
        data["users"] = seal_users(self.contents, self.locker) if SYSTEM in self.keys else data["users"]
        written = {"rev": rev, "slots": self.slots, "written_by": f"proxtui {__version__}"}
        header = replace(old, **written, mac=self._macs(old, tenants))
        if SYSTEM in self.keys:
            header.mac[SYSTEM] = digest(self.keys[SYSTEM], _system_value(header, data))
        header.mac[FILE] = digest(self.keys[FILE], _file_value(header, data))
        return Document(header, data)

    def _macs(self, header: Header, tenants: Plain) -> dict[str, str]:
        """Of the tenants; those that this slot does not open keep what they have."""
        known = {SYSTEM, *(scope for at in tenants for scope in (monitor_of(at), admin_of(at)))}
        found = {scope: mac for scope, mac in header.mac.items() if scope in known}
        for slug in self._changed & set(self.contents.plain["tenants"]):
            tenant_id = self.contents.ids["tenants", slug]
            for scope in (monitor_of(tenant_id), admin_of(tenant_id)):
                found[scope] = digest(self.keys[scope], _tenant_value(header, tenant_id, tenants[tenant_id], scope))
        return found

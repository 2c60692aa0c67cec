"""Any order of changes, kills, new keys and other writers: what was acknowledged is there for whoever may read it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from proxtui.config.vault import slots
from proxtui.config.vault.edits import Delete, Put, add_server, add_tenant
from proxtui.config.vault.noted import End
from proxtui.config.vault.opened import OpenVault
from proxtui.errors import ScopeClosed, UsageError, WrongKey
from tests.config.test_vault_saving import FailingDisk, Killed
from tests.config.vaults import CHEAP, ROOT_KEY, new_vault, opened, seat_in

SECRETS = st.text(min_size=1, max_size=40, alphabet=st.characters(exclude_categories=["Cs", "Cc"]))
TENANTS = st.sampled_from(["acme", "beta", "gamma"])
PEOPLE = st.sampled_from(["ben", "cleo", "wall"])
GRANTS = st.sampled_from(["none", "monitor", "admin"])


class Vault(RuleBasedStateMachine):
    """``kept`` is what was acknowledged: tenant to (full secret, reading secret); ``people`` is who may read what."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.disk = FailingDisk()
        self.seat = seat_in(self.folder, self.disk)
        self.vault = new_vault(self.seat)
        self.kept: dict[str, tuple[str, str]] = {}
        self.people: dict[str, tuple[slots.Material, str, dict[str, str]]] = {"anna": (ROOT_KEY, "admin", {})}
        self.gone: list[slots.Material] = []
        self.made = 0
        self.far = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_key(self, typed: bool) -> slots.Material:
        self.made += 1
        if typed:
            return slots.new_passphrase(f"passphrase no {self.made}")
        return slots.keyfile(self.made.to_bytes(32, "big"))

    def may(self, person: str, tenant: str) -> str:
        _, every, tenants = self.people[person]
        order = ["none", "monitor", "admin"]
        return max(every, tenants.get(tenant, "none"), key=order.index)

    def put_by(self, vault: OpenVault, tenant: str, full: str, reading: str) -> None:
        path = ("tenants", tenant, "servers", "prod")
        vault.save(
            Put((*path, "credentials"), {"token_id": "a@pam!b", "token_secret": full}),
            Put((*path, "monitor"), {"token_id": "c@pam!d", "token_secret": reading}),
        )
        self.kept[tenant] = (full, reading)

    @rule(tenant=TENANTS, full=SECRETS, reading=SECRETS)
    def put(self, tenant: str, full: str, reading: str) -> None:
        if tenant not in self.kept:
            self.vault.save(add_tenant(tenant, tenant), add_server(tenant, "prod", ["pve1"]))
        self.put_by(self.vault, tenant, full, reading)

    @rule(tenant=TENANTS)
    def delete(self, tenant: str) -> None:
        if self.kept.pop(tenant, None):
            self.vault.save(Delete(("tenants", tenant)))
            for _, _, tenants in self.people.values():
                tenants.pop(tenant, None)

    @rule()
    def reload(self) -> None:
        self.vault.reload()

    @rule()
    def start_again(self) -> None:
        self.vault = self.open("anna")

    @rule()
    def rekey(self) -> None:
        self.vault.rekey()

    @rule(person=PEOPLE, every=GRANTS, typed=st.booleans(), data=st.data())
    def add_person(self, person: str, every: str, typed: bool, data: st.DataObject) -> None:
        if person in self.people:
            return
        names = st.sampled_from(sorted(self.kept)) if self.kept else st.nothing()
        tenants = data.draw(st.dictionaries(names, st.sampled_from(["monitor", "admin"])))
        key = self.new_key(typed)
        self.vault.add_slot(person, key, every=every, tenants=tenants, cost=CHEAP)
        self.people[person] = (key, every, tenants | {at: "admin" for at in self.kept if every == "admin"})

    @rule(person=PEOPLE)
    def remove_person(self, person: str) -> None:
        if person in self.people:
            self.vault.remove_slot(person)
            self.gone.append(self.people.pop(person)[0])

    @rule(person=PEOPLE)
    def change_key(self, person: str) -> None:
        if person not in self.people:
            return
        old, every, tenants = self.people[person]
        new = self.new_key(old.kind == "passphrase")
        mine = self.open(person)
        if old.kind == "passphrase":
            mine.change_passphrase(new.raw.decode(), CHEAP)
        else:
            mine.change_keyfile(new.raw)
        self.people[person] = (new, every, tenants)
        self.gone.append(old)

    @rule(person=PEOPLE, tenant=TENANTS, full=SECRETS, reading=SECRETS)
    def somebody_else_writes(self, person: str, tenant: str, full: str, reading: str) -> None:
        """With fewer scopes, while ours is open and knows nothing of it."""
        if person not in self.people or tenant not in self.kept:
            return
        theirs = self.open(person)
        if self.may(person, tenant) == "admin":
            self.put_by(theirs, tenant, full, reading)
            return
        # Who reads it may not write; to whom it is closed it is not even there.
        refusal = ScopeClosed if self.may(person, tenant) == "monitor" else UsageError
        with pytest.raises(refusal):
            theirs.save(Put(("tenants", tenant, "colour"), "red"))

    @rule(person=PEOPLE, far=st.integers(1, 99), at=st.integers(1, 12))
    def somebody_notes_an_end(self, person: str, far: int, at: int) -> None:
        """With whatever scopes, and perhaps killed meanwhile."""
        theirs = self.open(person if person in self.people else "anna")
        theirs.ends.tell("audit", End(far, "a" * 64))
        self.disk.fail_at(at, Killed())
        try:
            theirs.ends.write()
            self.far = max(self.far, far)
        except Killed:
            known = self.open("anna").ends.known("audit")
            assert (known.seq if known else 0) in (self.far, far)
            self.far = known.seq if known else 0
        finally:
            self.disk.at = None

    @precondition(lambda self: bool(self.kept))
    @rule(at=st.integers(1, 12), full=SECRETS)
    def kill(self, at: int, full: str) -> None:
        tenant = min(self.kept)
        before = self.kept[tenant]
        self.disk.fail_at(at, Killed())
        try:
            self.put_by(self.vault, tenant, full, before[1])
        except Killed:
            self.vault = self.open("anna")
            found = self.read(self.vault)[tenant]
            assert found in (before[0], full)
            self.kept[tenant] = (found, before[1])
        finally:
            self.disk.at = None

    def open(self, person: str) -> OpenVault:
        label = {"label": person} if self.people[person][0].kind == "passphrase" else {}
        return opened(self.seat, self.people[person][0], **label)

    def read(self, vault: OpenVault) -> dict[str, Any]:
        found = {}
        for place, server in vault.config.servers():
            secret = server.credentials.token_secret
            found[place.tenant] = secret.get_secret_value() if secret else None
        return found

    @invariant()
    def everybody_reads_what_they_may(self) -> None:
        for person in getattr(self, "people", {}):
            by_grant = {"none": lambda both: None, "monitor": lambda both: both[1], "admin": lambda both: both[0]}
            expected = {
                tenant: by_grant[self.may(person, tenant)](both)
                for tenant, both in self.kept.items()
                if self.may(person, tenant) != "none"
            }
            theirs = self.open(person)
            assert self.read(theirs) == expected
            known = theirs.ends.known("audit")
            assert (known.seq if known else 0) == self.far
        for key in getattr(self, "gone", [])[-1:]:
            for label in self.people if key.kind == "passphrase" else [None]:
                if label and self.people[label][0].kind != "passphrase":
                    continue
                try:
                    opened(self.seat, key, **({"label": label} if label else {}))
                    raise AssertionError("a removed key opens the vault")
                except WrongKey:
                    continue


TestVault = Vault.TestCase
TestVault.settings = settings(
    max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)

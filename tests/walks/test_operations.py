"""Every declared change on the simulated cluster: what is sent, what is different then, what the audit keeps of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxtui.config.models import Role
from proxtui.core.catalogue import Catalogue
from proxtui.core.db import open_sqlite
from proxtui.core.journal import AuditEntry
from proxtui.core.operation import GUESTS, Operation
from proxtui.core.run import Run
from proxtui.core.runtime import Runtime
from proxtui.core.standing import ask_vms
from proxtui.errors import ReadOnlyError, RoleRefused
from proxtui.features.audit.chain import entry_of
from proxtui.features.audit.journal import AuditJournal
from proxtui.features.audit.places import AuditFiles
from proxtui.features.audit.service import AuditQuery, AuditService
from proxtui.features.audit.tables import SCHEMA
from proxtui.pve.access import permissions_of
from proxtui.registry import FEATURES
from proxtui.sim.faults import Fault
from proxtui.sim.world import World
from tests.pve.schema import VERSIONS, PveSchema, needs_schema

from .operation_examples import EXAMPLES, LAB, MORE, Example
from .test_gate import FastClock
from .world import make_world, runtime_over

ROOMS = ("guests",)
"""Rooms whose every declaration has an example here."""
CATALOGUE = Catalogue(FEATURES).all()


@asynccontextmanager
async def walk(world: World, clock: FastClock, folder: Path, *, read_only: bool = False) -> AsyncIterator[Runtime]:
    more: dict[str, Any] = {"make_journal": lambda: AuditJournal(AuditFiles(folder)), "features": FEATURES}
    async with runtime_over(world, clock=clock, read_only=read_only, timeout_ms=30_000, **more) as runtime:
        await runtime.poller.poll_once()
        yield runtime


@contextmanager
def audit(folder: Path) -> Iterator[AuditService]:
    db = open_sqlite(AuditFiles(folder).db, SCHEMA, only_read=True)
    try:
        yield AuditService(db)
    finally:
        db.close()


def story_of(folder: Path, run: Run) -> list[AuditEntry]:
    with audit(folder) as service:
        return [entry_of(json.loads(record.body)) for record in service.story(run.op_id)]


def changes(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.requests.changes()["changes"]
    return found


def lab(example: Example | None = None) -> tuple[World, FastClock]:
    clock = FastClock()
    world = make_world("small", now=clock.time)
    if example is not None:
        example.prepare(world.sites["lab"])
    return world, clock


async def end_of(runtime: Runtime, operation: Operation, target: Any, params: Any = None) -> Run:
    run = await runtime.gate.submit(operation, target, params, reason="the table")
    async with asyncio.timeout(30):
        return await run.wait()


def test_every_declaration_has_an_example() -> None:
    declared = {name for name in CATALOGUE if name.partition(".")[0] in ROOMS}
    assert declared == {example.operation for example in EXAMPLES}
    assert {kind for name in declared for kind in CATALOGUE[name].kinds & GUESTS} == GUESTS


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
async def test_a_change_does_what_it_says(example: Example, tmp_path: Path) -> None:
    world, clock = lab(example)
    site = world.sites["lab"]
    operation, target = CATALOGUE[example.operation], example.target(site)
    before = deepcopy(example.look(site))
    assert example.before is None or before == example.before
    async with walk(world, clock, tmp_path) as runtime:
        await ask_vms(runtime, [target])
        snapshot = runtime.store.fleet().snapshot(LAB)
        assert snapshot is not None
        permissions = await runtime.connection(LAB).learn_permissions()
        assert runtime.policy.offered(operation, target, permissions) is None
        if target.kind in GUESTS:
            assert operation.unavailable(snapshot.guests[target.key]) is None  # type: ignore[index]
        run = await end_of(runtime, operation, target, example.params)
        assert run.state == example.ends, run.line
    assert [f"{change['method']} {change['path']}" for change in changes(world)] == [example.request]
    assert changes(world)[0]["params"] == example.sends
    after = example.look(site)
    assert after == (before + 1 if example.after is MORE else example.after)
    assert after != before or example.after == example.before
    story = story_of(tmp_path, run)
    assert [entry.phase for entry in story] == ["intent", *(["sent"] if example.has_task else []), "outcome"]
    assert story[-1].result == example.ends
    kept = " ".join(str(entry) for entry in story)
    assert not [word for word in example.hidden if word in kept]
    assert {(entry.event, entry.target_id, entry.reason) for entry in story} == {
        (operation.name, target.id, "the table")
    }
    if run.upid is not None:
        assert not operation.tasks or run.upid.type in operation.tasks


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
async def test_pve_takes_what_is_sent(example: Example, version: str, tmp_path: Path) -> None:
    world, clock = lab(example)
    async with walk(world, clock, tmp_path) as runtime:
        target = example.target(world.sites["lab"])
        run = await runtime.gate.submit(CATALOGUE[example.operation], target, example.params, dry_run=True)
        assert run.state == "planned", run.line
        assert [f"{request.method} {request.path}" for request in run.requests] == [example.request]
        for request in run.requests:
            PveSchema(version).check(request.method, request.path, request.params)
    assert changes(world) == []


@pytest.mark.parametrize("by", ["viewer", "lock"])
async def test_a_change_is_neither_offered_nor_sent_where_it_may_not_be(by: str, tmp_path: Path) -> None:
    world, clock = lab()
    site = world.sites["lab"]
    async with walk(world, clock, tmp_path, read_only=by == "lock") as runtime:
        if by == "viewer":
            runtime.acting.actor = replace(runtime.acting.actor, role=Role.VIEWER)
        for example in EXAMPLES:
            operation, target = CATALOGUE[example.operation], example.target(site)
            assert runtime.policy.offered(operation, target) is not None
            with pytest.raises(RoleRefused if by == "viewer" else ReadOnlyError):
                await runtime.gate.submit(operation, target, example.params)
    assert changes(world) == []
    with audit(tmp_path) as service:
        denied = [(record.event, record.phase, record.result) for record in service.find_now(AuditQuery(limit=500))]
    assert sorted(denied) == sorted((example.operation, "single", "denied") for example in EXAMPLES)


async def test_what_the_login_may_not_is_not_offered(tmp_path: Path) -> None:
    world, clock = lab()
    auditor = permissions_of({"/": {"VM.Audit": 1, "Sys.Audit": 1, "Datastore.Audit": 1, "Pool.Audit": 1}})
    async with walk(world, clock, tmp_path) as runtime:
        for example in EXAMPLES:
            operation, target = CATALOGUE[example.operation], example.target(world.sites["lab"])
            assert "the login lacks" in (runtime.policy.offered(operation, target, auditor) or ""), operation.name


def test_the_table_of_roles() -> None:
    operations = [operation for operation in CATALOGUE.values() if operation.room == "guests"]
    daily = "start shutdown reboot stop reset suspend hibernate resume sendkey snapshot rollback delete-snapshot"
    daily += " edit-snapshot backup migrate tags notes"
    assert {one.verb for one in operations if one.role is Role.OPERATOR} == set(daily.split())
    assert all(operation.role is not Role.VIEWER for operation in CATALOGUE.values())


async def test_a_start_that_fails_looks_failed_everywhere(tmp_path: Path) -> None:
    world, clock = lab()
    site = world.sites["lab"]
    site.guests[101].lock = "backup"
    async with walk(world, clock, tmp_path) as runtime:
        target = next(one for one in EXAMPLES if one.at == 101).target(site)
        run = await end_of(runtime, CATALOGUE["guests.start"], target)
        assert run.upid is not None
        assert (run.state, run.message, run.exit_code) == ("failed", "VM is locked (backup)", 1)
        assert "locked (backup)" in run.log_tail[-1]
    outcome = story_of(tmp_path, run)[-1]
    assert (outcome.result, outcome.message, outcome.upid) == ("failed", "VM is locked (backup)", run.upid)


async def test_what_a_task_says_holds_no_secret_and_nothing_that_a_terminal_obeys(tmp_path: Path) -> None:
    world, clock = lab()
    ticket = "PVEVNC:68F1A2B3::" + "QUJD" * 20
    said = f"\x1b[2Jcannot set s3cret-word, command 'termproxy --ticket {ticket}' failed"
    world.faults.add(Fault(kind="task-fail", reason=said))
    async with walk(world, clock, tmp_path) as runtime:
        example = next(one for one in EXAMPLES if one.operation == "guests.create-vm")
        run = await end_of(runtime, CATALOGUE["guests.create-vm"], example.target(world.sites["lab"]), example.params)
        assert run.message.endswith("[2Jcannot set ***, command 'termproxy --ticket ***' failed")
        assert run.log_tail[-1].endswith("[2Jcannot set ***, command 'termproxy --ticket ***' failed")
    story = story_of(tmp_path, run)
    for shown in (run.line, *run.log_tail, *map(str, story)):
        assert "\x1b" not in shown
        assert "s3cret-word" not in shown
        assert ticket not in shown


async def test_warnings_are_no_failure_and_no_plain_success(tmp_path: Path) -> None:
    world, clock = lab()
    world.faults.add(Fault(kind="task-warnings", reason="a disk is old"))
    async with walk(world, clock, tmp_path) as runtime:
        target = next(one for one in EXAMPLES if one.at == 101).target(world.sites["lab"])
        run = await end_of(runtime, CATALOGUE["guests.start"], target)
        assert (run.state, run.message, run.exit_code) == ("warnings", "WARNINGS: 1", 0)
        assert any("a disk is old" in line for line in run.log_tail)
    assert story_of(tmp_path, run)[-1].result == "warnings"

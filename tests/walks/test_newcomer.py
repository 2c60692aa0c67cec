"""A newcomer's hour: what docs/newcomer.md says is done as it stands there, and gives the right answer."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from textual.pilot import Pilot

from proxtui.cli.main import main
from proxtui.cli.simulation import Announced, configuration
from proxtui.registry import FEATURES
from proxtui.tui.app import ProxtuiApp
from proxtui.wiring import open_runtime
from tests.features.screens import text_of

from .conftest import Simulator, simulator
from .fleets import until

DOCS = Path(__file__).resolve().parents[2] / "docs" / "newcomer.md"
ROOMS = {feature.name for feature in FEATURES}
TENANT = "medilab"
FAILED_BACKUPS = "type:vzdump status:failed"


def sections() -> dict[str, str]:
    """The answers of the document by their question."""
    _, *parts = re.split(r"^## ", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {heading: text for heading, _, text in (part.partition("\n") for part in parts)}


def commands(question: str) -> list[list[str]]:
    """The commands that answer it."""
    block = re.search(r"```sh\n(.*?)```", sections()[question], re.DOTALL)
    assert block
    return [shlex.split(line)[1:] for line in block[1].splitlines()]


CPU, FULL, BACKUP, NODE = QUESTIONS = (
    "Which guest of a tenant uses the most CPU?",
    "Which storage is the fullest?",
    "Which backup failed last, and why?",
    "Which node lags?",
)


def needs(room: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(room not in ROOMS, reason=f"there is no room {room} yet")


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with simulator("--scenario", "fleet", "--auth-delay", "0.1", "--still") as running:
        yield running


@pytest.fixture
def at_home(sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment that README tells to set, for the first cluster."""
    first = sim.first
    values = {
        "PROXMOX_HOST": f"{first['host']}:{first['port']}",
        "PROXMOX_FINGERPRINT": first["fingerprint"],
        "PROXMOX_TOKEN_ID": first["token_id"],
        "PROXMOX_TOKEN_SECRET": first["token_secret"],
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def ask(server: Mapping[str, Any], path: str) -> list[dict[str, Any]]:
    """What the server itself says, without a line of ours between."""
    answer = httpx.get(
        f"https://127.0.0.1:{server['port']}/api2/json{path}",
        headers={"Authorization": f"PVEAPIToken={server['token_id']}={server['token_secret']}"},
        verify=False,  # noqa: S501  a certificate made a moment ago, on loopback
        trust_env=False,
    )
    rows: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
    return rows


def best(server: Mapping[str, Any], path: str, key: Callable[[dict[str, Any]], float], name: str) -> str:
    return str(max(ask(server, path), key=key)[name])


def cpu_of(kind: str) -> Callable[[dict[str, Any]], float]:
    return lambda row: row.get("cpu", -1.0) if row["type"] in kind.split() else -2.0


def fullness(row: dict[str, Any]) -> float:
    return row.get("disk", 0) / row["maxdisk"] if row["type"] == "storage" and row.get("maxdisk") else -1.0


def failed_backups(server: Mapping[str, Any]) -> list[dict[str, Any]]:
    failed = [
        task
        for task in ask(server, "/cluster/tasks")
        if task["type"] == "vzdump" and task.get("status", "OK") != "OK" and "WARNINGS" not in task["status"]
    ]
    return sorted(failed, key=lambda task: -int(task["starttime"]))


def rows_of(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capfd.readouterr()
    code = main([*arguments, "--json"])
    said = capfd.readouterr()
    assert (code, said.err) == (0, "")
    rows: list[dict[str, Any]] = json.loads(said.out)["rows"]
    return rows


def test_the_document_has_the_four_questions() -> None:
    assert tuple(sections()) == QUESTIONS


@pytest.mark.usefixtures("at_home")
def test_the_busiest_guest_by_a_command(sim: Simulator, capfd: pytest.CaptureFixture[str]) -> None:
    # Loads are measured anew while we ask: the answer is true before or after.
    right = [best(sim.first, "/cluster/resources", cpu_of("qemu lxc"), "name")]
    (command,) = commands(CPU)
    first, *_ = rows_of(command, capfd)
    right.append(best(sim.first, "/cluster/resources", cpu_of("qemu lxc"), "name"))
    assert first["name"] in right


@needs("storage")
@pytest.mark.usefixtures("at_home")
def test_the_fullest_storage_by_a_command(sim: Simulator, capfd: pytest.CaptureFixture[str]) -> None:
    (command,) = commands(FULL)
    first, *_ = rows_of(command, capfd)
    assert first["storage"] == best(sim.first, "/cluster/resources", fullness, "storage")


@needs("tasks")
@pytest.mark.usefixtures("at_home")
def test_the_last_failed_backup_and_its_log_by_commands(sim: Simulator, capfd: pytest.CaptureFixture[str]) -> None:
    newest, *_ = failed_backups(sim.first)
    listing, log = commands(BACKUP)
    first, *_ = rows_of(listing, capfd)
    assert first["upid"] == newest["upid"]
    assert first["exitstatus"] == newest["status"]
    assert rows_of([newest["upid"] if word == "UPID" else word for word in log], capfd)


@pytest.mark.usefixtures("at_home")
def test_the_busiest_node_by_commands(sim: Simulator, capfd: pytest.CaptureFixture[str]) -> None:
    right = [best(sim.first, "/cluster/resources", cpu_of("node"), "node")]
    listing, show = commands(NODE)
    first, *_ = rows_of(listing, capfd)
    right.append(best(sim.first, "/cluster/resources", cpu_of("node"), "node"))
    assert first["node"] in right
    (node,) = rows_of([first["node"] if word == "NODE" else word for word in show], capfd)
    assert node["status"]["wait"] is not None


def load(thing: Any) -> float:
    return thing.cpu or 0.0


class Newcomer:
    """Somebody who presses keys and reads."""

    def __init__(self, app: ProxtuiApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        names = {" ": "space", ":": "colon"}
        await self.press(*(names.get(sign, sign) for sign in text))

    @property
    def lines(self) -> list[str]:
        """The table in front: its heading, then its rows."""
        front: Any = self.app.screen.front  # type: ignore[attr-defined]
        return [line for line in text_of(front.table).splitlines() if line.strip()]

    @property
    def seen(self) -> str:
        """Everything on the screen."""
        return "\n".join(text_of(one) for one in self.app.screen.query("*") if one.display and one.size.height)

    async def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(500):
            if holds():
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"never seen on:\n{self.seen}")

    async def sort_by(self, title: str) -> None:
        """``>`` until the column has the mark, ``i`` if it is the wrong way round, ``g`` for the first row."""
        for _ in range(20):
            heading = self.lines[0]
            if f"{title}▼" in heading:
                await self.press("g")
                return
            await self.press("i" if f"{title}▲" in heading else "greater_than_sign")
        raise AssertionError(f"no way to sort by {title}: {self.lines[0]}")


@pytest.fixture
async def newcomer(sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    return _dashboard(sim)


@asynccontextmanager
async def _dashboard(sim: Simulator) -> Any:
    """The dashboard over all three tenants, as ``proxtui demo`` opens it."""
    async with open_runtime(configuration([Announced.read(server) for server in sim.servers])) as runtime:
        app = ProxtuiApp(runtime)
        async with app.run_test(size=(160, 50)) as pilot:
            await until(runtime.store, lambda fleet: all(one.taken_at is not None for one in fleet.snapshots))
            await pilot.pause(0.3)
            yield Newcomer(app, pilot), runtime.store


async def test_help_names_the_keys_of_the_document(newcomer: Any) -> None:
    async with newcomer as (person, _store):
        await person.press("question_mark")
        await person.until(lambda: "KEY" in person.seen)
        read = person.seen
        for _ in range(5):
            await person.press("pagedown")
            read += person.seen
        for words in ("Filter", "Invert", "Open", "Sort by the next column", "First row", "Guests", "Nodes"):
            assert words in read, read


async def test_the_busiest_guest_by_keys(newcomer: Any) -> None:
    assert f"`tenant:{TENANT}`" in sections()[CPU]
    async with newcomer as (person, store):

        def busiest() -> str:
            known = [one for one in store.fleet().snapshots if one.ref.tenant == TENANT]
            return str(max((guest for one in known for guest in one.guests.values()), key=load).name)

        await person.press("1", "slash")
        await person.type(f"tenant:{TENANT}")
        await person.press("enter")
        await person.sort_by("CPU")
        await person.until(lambda: f" {busiest()} " in person.lines[1])


@needs("storage")
async def test_the_fullest_storage_by_keys(newcomer: Any) -> None:
    async with newcomer as (person, store):
        await person.press("3")
        await person.until(lambda: "Full" in person.lines[0])
        await person.sort_by("Full")
        known = [storage for one in store.fleet().snapshots for storage in one.storages.values() if storage.total]
        fullest = max(known, key=lambda storage: (storage.used or 0) / (storage.total or 1))
        assert f" {fullest.storage} " in person.lines[1]


@needs("tasks")
async def test_the_last_failed_backup_by_keys(newcomer: Any, sim: Simulator) -> None:
    assert f"`{FAILED_BACKUPS}`" in sections()[BACKUP]
    newest = max(
        (task for server in sim.servers for task in failed_backups(server)), key=lambda task: task["starttime"]
    )
    async with newcomer as (person, _store):
        await person.press("4")
        await person.until(lambda: len(person.lines) > 1 and "Started▼" in person.lines[0])
        await person.press("slash")
        await person.type(FAILED_BACKUPS)
        await person.press("enter")
        await person.until(lambda: "back up" in person.lines[1])
        assert re.search(rf"error .* {newest['id']}\b.* {newest['node']} ", person.lines[1])
        await person.press("enter")
        await person.until(lambda: newest["status"].split()[0] in person.seen)


async def test_the_busiest_node_by_keys(newcomer: Any) -> None:
    async with newcomer as (person, store):

        def busiest() -> str:
            nodes = [node for one in store.fleet().snapshots for node in one.nodes.values()]
            return str(max(nodes, key=load).node)

        await person.press("2")
        await person.until(lambda: "Node" in person.lines[0])
        await person.sort_by("CPU")
        await person.until(lambda: f" {busiest()} " in person.lines[1])
        await person.press("enter")
        await person.until(lambda: f"node {busiest()} " in person.seen and "IO wait" in person.seen)

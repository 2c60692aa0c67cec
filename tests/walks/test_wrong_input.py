"""Wrong input to every change: a line that names the field, in the form at the field, and nothing is sent or recorded.

What is wrong is found by asking each model about hostile values, so a field that takes anything has to be named here.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from proxtui.cli.changing_options import asked_for
from proxtui.cli.main import main
from proxtui.core.catalogue import Catalogue
from proxtui.core.operation import Kind, Operation, Target
from proxtui.core.record import checked
from proxtui.errors import InvalidInput
from proxtui.kit.form_model import Asked, asked_of, problems_of, text_of, values_of
from proxtui.kit.prepared import Prepared
from proxtui.pve.sanitize import clean
from proxtui.registry import FEATURES
from tests.cli.conftest import Answer, _clean_environment  # noqa: F401  by its name it acts on every test here
from tests.core.gating import REF, stage
from tests.kit.test_form import FormApp

from . import operation_examples, room_examples

CATALOGUE = Catalogue(FEATURES).all()
ASKING = [operation for operation in CATALOGUE.values() if operation.params_by]
EXAMPLES = {one.operation: one.params for one in (*room_examples.EXAMPLES, *operation_examples.EXAMPLES)}
LISTS = ("vms",)
NEEDED_TOGETHER = {"storage.upload": {"filename": "a.iso"}}
"""What none of its fields has to be, but all together must have."""

MARK = "Zq7"
"""Stands in every hostile value, so that one that is shown is found."""
WORDS = (
    f"{MARK} y z", f"../{MARK}", "-1", f"{MARK}\x1b[31mred", f"{MARK}\nPOST /x", str(10**12), f"{MARK}=1",
    "a,b,../c", MARK, "", MARK * 3000, MARK * 30_000,
)  # fmt: skip
OTHERS = (-1, 10**12, True, 1.5, None, b"\xff", [["x"]], [f"{MARK}\x00"], {f"{MARK} y": "1"}, {"a": f"{MARK}\n"})

every_change = pytest.mark.parametrize("operation", ASKING, ids=[one.name for one in ASKING])


def model_of(operation: Operation) -> Any:
    return operation.params_model()


def needed(operation: Operation, but: str = "") -> dict[str, Any]:
    """What the change cannot do without, rightly."""
    fields = model_of(operation).model_fields
    said = EXAMPLES.get(operation.name, {})
    found = {name: said[name] for name, field in fields.items() if field.is_required() and name in said}
    return {name: value for name, value in {**found, **NEEDED_TOGETHER.get(operation.name, {})}.items() if name != but}


def refused(operation: Operation, field: str, values: tuple[Any, ...]) -> list[Any]:
    """Those of ``values`` that the model does not take for the field."""
    model = model_of(operation)
    base = needed(operation, field)
    return [value for value in values if any(one.field == field for one in model.problems({**base, field: value}))]


def cases(operation: Operation) -> list[tuple[str, dict[str, Any]]]:
    """Each field with each wrong value, each needed one left out, and one that nobody knows."""
    model = model_of(operation)
    found = [
        (name, {**needed(operation, name), name: value})
        for name in model.model_fields
        for value in refused(operation, name, (*WORDS, *OTHERS))
    ]
    found += [(name, needed(operation, name)) for name, field in model.model_fields.items() if field.is_required()]
    return [*found, ("nobody_knows_it", {**needed(operation), "nobody_knows_it": f"{MARK} s3cret"})]


def at(operation: Operation) -> Target:
    kind = next(kind for kind in Kind if kind in operation.kinds)
    return Target(REF, kind, "100", "web", "n1")


@every_change
def test_every_field_can_be_wrong(operation: Operation) -> None:
    model = model_of(operation)
    takes_all = {name for name in model.model_fields if not refused(operation, name, (*WORDS, b"\xff", {}))}
    takes_all |= {name for name in model.secrets() if not refused(operation, name, WORDS)}
    assert takes_all == set()


@every_change
def test_the_message_names_the_field_in_one_clean_line(operation: Operation) -> None:
    model = model_of(operation)
    for field, values in cases(operation):
        with pytest.raises(InvalidInput) as caught:
            checked(operation, values)
        problem, said = caught.value, str(caught.value)
        assert problem.field == field
        assert said.startswith(f"{field} ")
        assert said.isprintable(), said
        assert clean(said) == said
        assert problem.rule
        assert problem.rule in said
        assert len(said) < 600
        if field in model.secrets() or field not in model.model_fields:
            assert MARK not in said


@every_change
async def test_the_gate_neither_sends_nor_records_it(operation: Operation) -> None:
    async with stage() as on:
        for field, values in cases(operation):
            for dry_run in (False, True):
                with pytest.raises(InvalidInput) as caught:
                    await on.gate.submit(operation, at(operation), values, reason="why", dry_run=dry_run)
                assert caught.value.field == field
            with pytest.raises(InvalidInput):
                await on.gate.submit_all(operation, [at(operation)], values)
        assert (on.pve.asked, on.pve.sent, on.journal.entries) == ([], [], [])
        assert (on.gate.running(), on.gate.recent()) == ((), ())


# The command line.


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[socket.socket]:
    """The configured server: it never answers, and keeps every connection until it is asked for it."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.setblocking(False)
        monkeypatch.setenv("PROXMOX_HOST", f"127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("PROXMOX_TOKEN_ID", "mon@pve!tui")
        monkeypatch.setenv("PROXMOX_TOKEN_SECRET", "00000000-0000-4000-8000-000000000000")
        monkeypatch.setenv("PROXMOX_FINGERPRINT", ":".join(["AB"] * 32))
        yield server


def typed(name: str, value: Any) -> str:
    return f"--{name.replace('_', '-')}={text_of(value)}"


def wrong_call(operation: Operation, one: Asked) -> tuple[list[str], str] | None:
    """The wrong option and what comes by stdin; None where nothing that can be typed is wrong."""
    if one.kind == "switch" or (one.kind == "choice" and "yes" in one.choices):
        return [typed(one.name, "perhaps")], ""
    words = [word for word in refused(operation, one.name, WORDS) if word]
    if not words:
        return None
    if one.kind == "secret":
        word = next(word for word in words if "\n" not in word)
        return [f"--{one.name.replace('_', '-')}-stdin"], f"{word}\n"
    return [typed(one.name, words[0])], ""


def cli_calls(operation: Operation) -> Iterator[tuple[str, list[str], str]]:
    asked = asked_for(operation)
    for one in asked:
        rest = [typed(name, value) for name, value in needed(operation, one.name).items() if name in _names(asked)]
        call = wrong_call(operation, one)
        if call is not None:
            yield one.name, [*call[0], *rest], call[1]
        if one.required:
            yield one.name, rest, ""
    yield "nobody-knows-it", ["--nobody-knows-it=1", *[typed(*pair) for pair in needed(operation).items()]], ""


def _names(asked: tuple[Asked, ...]) -> set[str]:
    return {one.name for one in asked}


@every_change
def test_the_verb_ends_with_2_and_the_option(
    operation: Operation, door: socket.socket, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = [] if operation.creates else ["100"]
    for field, options, stdin in cli_calls(operation):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capfd.readouterr()
        code = main([operation.room, operation.verb, *targets, "--yes", *options])
        out, err = capfd.readouterr()
        assert (code, out) == (2, ""), (options, err)
        said = [Answer(code, out, line).line for line in err.splitlines()]
        # Each wrong one of a list has a line of its own.
        assert len(said) == 1 or field in LISTS
        assert said
        for line in said:
            assert f"--{field.replace('_', '-')}" in line
            assert line.isprintable()
            assert MARK not in line or not stdin
        with pytest.raises(BlockingIOError):
            door.accept()


def test_what_is_right_does_reach_the_server(door: socket.socket) -> None:
    reached: list[bool] = []

    def answer() -> None:
        door.setblocking(True)
        door.accept()[0].close()
        reached.append(True)
        door.close()

    thread = Thread(target=answer, daemon=True)
    thread.start()
    assert main(["guests", "snapshot", "100", "--yes", "--snapname=right"]) not in (0, 2)
    thread.join(5)
    assert reached


# Forms.


def words_for(operation: Operation) -> dict[str, str]:
    """Something wrong for every field into which it can be typed: a field drops control characters by itself."""
    found = {}
    for one in asked_of(model_of(operation)):
        if one.kind == "pairs":
            found[one.name] = f"{MARK} y=1"
        elif one.kind not in ("switch", "choice"):
            words = [word for word in refused(operation, one.name, WORDS) if word.strip() and word.isprintable()]
            if words:
                found[one.name] = words[0]
    return found


def forms(operation: Operation) -> Iterator[tuple[dict[str, str], set[str]]]:
    """What stands in a form and which fields are wrong then: all at once, and alone what is only looked at last."""
    model = model_of(operation)
    asked, wrong = asked_of(model), words_for(operation)
    missing = {one.name for one in asked if one.required} - set(wrong)
    together = set(problems_of(model, values_of(asked, wrong)))
    if wrong or missing:
        assert together
        assert together <= set(wrong) | missing
        yield wrong, together
    for name in set(wrong) - together:
        yield {**{other: text_of(value) for other, value in needed(operation).items()}, name: wrong[name]}, {name}


ONCE = {one.params_by: one for one in ASKING if words_for(one) or any(a.required for a in asked_of(model_of(one)))}


def test_only_switches_cannot_be_wrong_in_a_form() -> None:
    rest = {one.params_by: one for one in ASKING if one.params_by not in ONCE}
    assert [one.name for one in rest.values()] == ["guests.delete"]


@pytest.mark.parametrize("operation", ONCE.values(), ids=[one.name for one in ONCE.values()])
async def test_the_form_says_it_at_the_field_and_stays(operation: Operation) -> None:
    for initial, wrong in forms(operation):
        app = FormApp(Prepared(initial=initial), model_of(operation))
        async with app.run_test(size=(80, 50)) as pilot:
            await pilot.press("ctrl+s")
            await pilot.pause()
            assert set(app.faults) == wrong
            assert app.answers == []
            assert app.form.is_current
            assert all(fault.isprintable() for fault in app.faults.values())
            assert not any(MARK in app.faults.get(name, "") for name in model_of(operation).secrets())
            assert app.has_keys in wrong

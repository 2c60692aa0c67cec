"""The words after ``:`` by themselves: which is meant, what is said when none is, how a line goes on."""

from __future__ import annotations

import pytest

from proxtui.errors import UsageError
from proxtui.kit.commands import Command, Commands, common_start, whole_words

told: list[tuple[str, str]] = []


def command(name: str, argument: str = "", aliases: tuple[str, ...] = (), *choices: str) -> Command:
    async def obey(rest: str) -> None:
        told.append((name, rest))

    return Command(name, f"does {name}", obey, argument, aliases, lambda: choices)


COMMANDS = Commands(
    [
        command("guests", "", ("g", "vm")),
        command("nodes"),
        command("theme", "NAME", (), "proxtui-dark", "proxtui-light", "nord"),
        command("tasks"),
        command("go", "NAME", (), "web1", "web2", "cobweb"),
    ]
)


@pytest.mark.parametrize(
    ("line", "done"),
    [
        ("guests", ("guests", "")),
        ("g", ("guests", "")),
        (" VM ", ("guests", "")),
        (":nodes", ("nodes", "")),
        ("no", ("nodes", "")),
        ("theme  nord ", ("theme", "nord")),
        ("th nord", ("theme", "nord")),
    ],
)
async def test_names_aliases_and_beginnings(line: str, done: tuple[str, str]) -> None:
    told.clear()
    await COMMANDS.run(line)
    assert told == [done]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nodse", "there is no command :nodse; nearest is :nodes"),
        ("xyzzy", "there is no command :xyzzy; tab shows what there is"),
        ("t", ":t could be :theme, :tasks"),
        ("nodes pve1", ":nodes takes nothing after it"),
        ("no\x1bse", "there is no command :no?se; nearest is :nodes"),
    ],
)
async def test_what_makes_no_sense_is_one_line(line: str, words: str) -> None:
    told.clear()
    with pytest.raises(UsageError) as caught:
        await COMMANDS.run(line)
    assert str(caught.value) == words
    assert told == []


async def test_an_empty_line_is_nothing() -> None:
    told.clear()
    await COMMANDS.run("  ")
    assert told == []


def test_a_line_goes_on_with_commands_then_with_what_they_take() -> None:
    assert COMMANDS.complete("") == ["guests", "nodes", "theme ", "tasks", "go "]
    assert COMMANDS.complete("t") == ["theme ", "tasks"]
    assert COMMANDS.complete("theme ") == ["theme proxtui-dark", "theme proxtui-light", "theme nord"]
    assert COMMANDS.complete("go web") == ["go web1", "go web2", "go cobweb"]
    assert COMMANDS.complete("nodes x") == []
    assert COMMANDS.complete("what ever") == []


def test_what_lines_have_in_common() -> None:
    assert common_start(["theme a", "theme b"]) == "theme "
    assert common_start(["one"]) == "one"
    assert common_start(["a", "b"]) == ""


def test_hints_are_whole_words_and_say_how_many_more_there_are() -> None:
    assert whole_words(["guests", "nodes", "tasks"], 20) == "guests  nodes  tasks"
    assert whole_words(["guests", "nodes", "tasks"], 16) == "guests  +2 more"
    assert whole_words(["guests"], 3) == "guests"
    assert whole_words([], 80) == ""

"""The verbs of the room: ``settings show`` and ``set``. No server is asked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from proxtui.core.verbs import CommandLine, Found, TableOptions, json_option
from proxtui.errors import InvalidInput, NotFoundError, UsageError

if TYPE_CHECKING:
    from proxtui.core.registrar import Registrar


@click.group()
def settings() -> None:
    """Settings of the installation: how it polls and looks, and what may be changed by it.

    Those of a tenant: `proxtui tenants show` and `update`.
    """


@settings.command()
@click.argument("name", required=False)
@json_option
@click.pass_obj
def show(line: CommandLine, /, name: str | None, as_json: bool) -> None:
    """Every setting with its value, or the value of NAME."""
    from proxtui.features.settings.service import is_said, shown

    async def read(registrar: Registrar) -> tuple[dict[str, Any], frozenset[str]]:
        return shown(registrar), is_said(registrar)

    values, said = line.registered(read)
    if name is not None:
        if name not in values:
            raise NotFoundError(f"there is no setting {name[:80]!a}; there are {', '.join(values)}")
        line.say({name: values[name]}, [_text(values[name])], as_json=as_json)
        return
    if as_json:
        line.say(values, (), as_json=True)
        return
    from proxtui.features.settings.models import SettingsChange
    from proxtui.features.settings.rows import COLUMNS, rows_of

    meanings = {name: field.description or "" for name, field in SettingsChange.model_fields.items()}
    rows = rows_of(values, said, meanings)
    line.local(COLUMNS, lambda: Found(rows), TableOptions())


@settings.command(name="set")
@click.argument("pairs", nargs=-1, required=True, metavar="NAME=VALUE...")
@json_option
@click.pass_obj
def put(line: CommandLine, /, pairs: tuple[str, ...], as_json: bool) -> None:
    """Change settings, several in one save; NAME= is what it is by itself. Needs the system role admin.

    Such as: interval=5 read_only=yes denied_operations=guests.delete,storage.*
    """
    from proxtui.features.settings.service import change

    given = _given(pairs)
    wanted, keys = _meant({name: text for name, text in given.items() if text})
    gone = [name for name, text in given.items() if not text]
    values = line.registered(lambda registrar: change(registrar, wanted, keys, gone))
    line.say(values, [f"{name}: {_text(values[name])}" for name in given if name in values], as_json=as_json)


def _given(pairs: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in map(_pair, pairs):
        if name in found:
            raise UsageError(f"{name[:80]}: is given twice")
        found[name] = text
    return found


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise UsageError(f"{text[:80]}: needs NAME=VALUE")
    return name.strip(), value.strip()


def _meant(texts: dict[str, str]) -> tuple[Any, dict[str, str] | None]:
    from proxtui.features.settings.models import SettingsChange

    keys = texts.pop("keys", None)
    lists = [name for name, field in SettingsChange.model_fields.items() if "list" in str(field.annotation)]
    values: dict[str, Any] = {
        name: [word for word in text.replace(",", " ").split() if word] if name in lists else text
        for name, text in texts.items()
    }
    return SettingsChange(**values), None if keys is None else _table(keys)


def _table(text: str) -> dict[str, str]:
    try:
        table = json.loads(text)
    except ValueError:
        table = None
    if not isinstance(table, dict) or not all(isinstance(key, str) for key in table.values()):
        raise InvalidInput("keys", text, 'a table as JSON, such as {"pause": "f9"}')
    return table


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

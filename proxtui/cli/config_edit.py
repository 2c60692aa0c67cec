"""The verb ``config edit``: all that is no secret in an editor, and back as one change that was judged first."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from proxtui.cli.config_keys import KeyOptions, masked
from proxtui.cli.key_options import key_options
from proxtui.core.verbs import CommandLine, json_option
from proxtui.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from proxtui.config.vault.contents import Plain
    from proxtui.config.vault.edits import Edit
    from proxtui.config.vault.opened import OpenVault

HINT = (
    "# Secrets are kept where ********** stands; a new one can stand in its place. What is taken out is deleted.\n"
    "# Saved when the editor ends, and gone from here then. An unchanged file changes nothing.\n\n"
)


@click.command()
@key_options
@json_option
@click.pass_obj
def edit(line: CommandLine, /, key: KeyOptions, as_json: bool) -> None:
    """Open it in $VISUAL or $EDITOR, without secrets. What cannot be meant can be edited again."""
    from proxtui.cli import ask

    if not sys.stdin.isatty() or not sys.stdout.isatty() or not ask.somebody_is_there():
        raise UsageError("an editor needs a terminal: `proxtui config set` does without")
    vault = key.open()
    import tomli_w

    text = HINT + tomli_w.dumps(masked(vault.plain))
    edits: list[Edit] = []
    with _file_with(text) as path:
        while True:
            _run_editor(path)
            try:
                edits = changes(vault.plain, _read(path))
                _save(line, vault, edits)
                break
            except (ConfigError, UsageError) as error:
                line.note(str(error))
                if ask.for_answer("Edit again? [Y/n]").lower() in ("n", "no"):
                    raise
    said = f"{len(edits)} changed, revision {vault.rev}" if edits else "nothing was changed"
    line.say({"changed": len(edits), "rev": vault.rev}, [said], as_json=as_json)


def _save(line: CommandLine, vault: OpenVault, edits: list[Edit]) -> None:
    about = {"name": " ".join(sorted({".".join(one.path) for one in edits}))}
    if edits:
        line.registered(lambda one: one.save("config.edit", edits, about=about), repairs=vault)


def changes(before: Plain, after: Plain) -> list[Edit]:
    """The edits that lead from one to the other. UsageError for a part that there is not."""
    from proxtui.config.vault.edits import Delete, Put

    if strange := sorted(set(after) - set(before)):
        raise UsageError(f"{strange[0]}: there is no such part")
    found: list[Edit] = []
    for part, held in before.items():
        meant = restored(after.get(part, {}), held)
        found += [Put((part, name), value) for name, value in meant.items() if held.get(name) != value]
        found += [Delete((part, name)) for name in held if name not in meant]
    return found


def restored(value: Any, before: Any) -> Any:
    """With the secrets of before where they were hidden. UsageError for one that was not there."""
    if isinstance(value, dict):
        known = before if isinstance(before, dict) else {}
        return {name: restored(held, known.get(name)) for name, held in value.items()}
    if isinstance(value, list):
        old = before if isinstance(before, list) else []
        return [restored(held, old[at] if at < len(old) else None) for at, held in enumerate(value)]
    if value != masked("", "password"):
        return value
    if not isinstance(before, str):
        raise UsageError("********** stands where there was no secret: write the secret itself")
    return before


def _read(path: Path) -> Plain:
    from proxtui.config.vault.shape import parse_toml

    return dict(parse_toml(path.read_bytes(), "what was edited"))


def _run_editor(path: Path) -> None:
    from proxtui.core.children import environment

    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    try:
        code = subprocess.run([*command, str(path)], env=environment(os.environ), check=False).returncode  # noqa: S603
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be run: {error.strerror}; VISUAL or EDITOR names another one") from None
    if code:
        raise UsageError(f"{command[0]} ended with {code}: nothing was changed")


@contextmanager
def _file_with(text: str) -> Iterator[Path]:
    """In memory where the system has such a folder, only for its owner, and gone in the end, whatever ends us."""
    own = os.environ.get("XDG_RUNTIME_DIR")
    with tempfile.TemporaryDirectory(prefix="proxtui-", dir=own if own and Path(own).is_dir() else None) as folder:
        path = Path(folder) / "config.toml"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        before = {number: signal.signal(number, _end) for number in (signal.SIGTERM, signal.SIGHUP)}
        try:
            yield path
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _end(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)

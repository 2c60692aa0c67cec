"""``proxtui call``: the documented functions for scripts. JSON in, JSON out."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from proxtui.errors import ProxtuiError, UsageError

if TYPE_CHECKING:
    from proxtui.cli.session import Session
    from proxtui.functions.desk import Desk

MOST = 1 << 20
"""Bytes of a body."""
_SECRET = re.compile(r"(?i)api_?token|secret|password|passphrase|private_?key|ticket")


def _names(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    from proxtui.functions import FUNCTIONS

    return [name for name in FUNCTIONS if name.startswith(incomplete)]


@click.command()
@click.argument("name", metavar="NAME", shell_complete=_names)
@click.argument("body", metavar="[JSON|-]", required=False)
@click.option("--schema", is_flag=True, help="Print JSON Schema of request and response, and ask nothing.")
@click.option("--reason", default="", metavar="TEXT", help="Why; kept in the audit of a change.")
@click.pass_obj
def call(session: Session, /, name: str, body: str | None, schema: bool, reason: str) -> int:
    """Call the function NAME with a JSON object, or with what stands on stdin (-). See docs/functions.md.

    Prints the answer, or {error, details}; vm-console then stays until its viewer left.
    Exits 0, 2 (400), 11 (401), 12 or 13 (403), 14 (404) or 1 (500).
    """
    from proxtui.functions.refusing import refusal_of

    session.start_log(to_stderr=True)
    try:
        _answer(session, name, body, reason, schema=schema)
    except ProxtuiError as error:
        refused = refusal_of(error)
        session.output.json(refused.document)
        session.note(str(refused))
        return refused.exit_code
    return 0


def _answer(session: Session, name: str, text: str | None, reason: str, *, schema: bool) -> None:
    from proxtui.functions.calling import function_of, invoke, schema_of

    if schema:
        session.output.json(schema_of(name))
        return
    body = _body(text)
    function = function_of(name)
    function.understood(body)
    desk = _desk(session, reason)
    if function.stays:
        invoke(name, body, desk=replace(desk, announce=lambda told: _printed(session, told)))
    else:
        session.output.json(invoke(name, body, desk=desk))


def _printed(session: Session, told: dict[str, Any]) -> None:
    """Now, for the viewer is started with it."""
    session.output.json(told)
    sys.stdout.flush()


def _body(text: str | None) -> Any:
    """What was given. UsageError for what is no JSON, and for a secret that all users of this machine could read."""
    if text != "-":
        body = _decoded(text or "{}", "the body")
        if secret := _secret_in(body):
            raise UsageError(f"{secret} is a secret, and arguments can be read by others: give the body on stdin (-)")
        return body
    raw = sys.stdin.buffer.read(MOST + 1)
    if len(raw) > MOST:
        raise UsageError(f"stdin gives more than {MOST} bytes")
    try:
        return _decoded(raw.decode(), "stdin")
    except UnicodeDecodeError:
        raise UsageError("stdin is not UTF-8") from None


def _decoded(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(f"{what}: is no JSON") from None


def _secret_in(value: Any) -> str:
    """The first name that is one of a secret; empty when there is none."""
    if isinstance(value, dict):
        named = (name for name, held in value.items() if _SECRET.search(name) and held)
        return next(named, "") or next(filter(None, map(_secret_in, value.values())), "")
    return next(filter(None, map(_secret_in, value)), "") if isinstance(value, list) else ""


def _desk(session: Session, reason: str) -> Desk:
    """Over what flags and variables name, else over the file, whose passphrase is asked for where somebody is there."""
    from proxtui.cli import ask
    from proxtui.cli.redact import redact
    from proxtui.cli.session import CONNECTION_FLAGS
    from proxtui.config.environment import ConnectionFlags, from_environment
    from proxtui.config.keyed import keyed
    from proxtui.functions.desk import Desk

    environ = session.environ
    redact.hide(environ.get("PROXMOX_PASSWORD"), environ.get("PROXMOX_TOKEN_SECRET"))
    said: dict[str, Any] = {name: session.flags[name] for name in CONNECTION_FLAGS if session.flags.get(name)}
    config = from_environment(environ, overrides=ConnectionFlags(**said))
    if config is None:
        session.vault = _vault(session)
        config = keyed(session.vault, environ)
    config = session.with_looks(config)
    if ask.somebody_is_there():
        config = ask.with_passwords(config)
    return Desk(
        config=config,
        vault=session.vault,
        environ=environ,
        read_only=config.settings.read_only,
        reason=reason,
        opening={"ask_totp": ask.for_totp},
    )


def _vault(session: Session) -> Any:
    import os

    from proxtui.cli import ask
    from proxtui.cli.config_keys import KeyOptions
    from proxtui.config.paths import config_file
    from proxtui.errors import NotConfigured
    from proxtui.functions.opening import LOCKED
    from proxtui.functions.refusing import Locked

    if not os.path.lexists(config_file()):
        raise NotConfigured(f"no configuration at {config_file()}, and no variable that names a server")
    key = KeyOptions.given({}, session.flags, session.environ)
    vault = key.unasked(only_monitor=session.monitor)
    if vault is None and ask.somebody_is_there():
        vault = key.open(only_monitor=session.monitor)
    if vault is None:
        raise Locked(LOCKED)
    return vault

"""Asking a person for a secret, without echo, on the terminal; never from a pipe."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from proxtui.cli.redact import redact
from proxtui.errors import NotConfigured, TotpRequired
from proxtui.pve.sanitize import clean

if TYPE_CHECKING:
    from proxtui.config.models import Config


def somebody_is_there() -> bool:
    """True when a question would reach a person; never under ``--monitor``."""
    return sys.stdin.isatty() and sys.stderr.isatty() and not is_unattended()


def is_unattended() -> bool:
    """Whether ``--monitor`` was said: nobody is asked, and of the configuration only the scopes ``monitor`` open."""
    # Without click nothing was parsed, so nobody said --monitor.
    click = sys.modules.get("click")
    context = click.get_current_context(silent=True) if click is not None else None
    return context is not None and bool(context.find_root().params.get("monitor"))


def with_passwords(config: Config) -> Config:
    """The configuration with every missing password asked for. NotConfigured when nobody is there to ask."""
    for place, server in config.servers():
        if not server.credentials.lacks_password:
            continue
        who = f"{server.credentials.userid} on {server.endpoints[0].label}"
        if not somebody_is_there():
            raise NotConfigured(
                f"no password for {who}, and no terminal to ask on: "
                "set PROXMOX_PASSWORD, or PROXMOX_TOKEN_ID and PROXMOX_TOKEN_SECRET"
            )
        config = config.with_password(place, _hidden(f"Password of {who}"))
    return config


async def for_totp(prompt: str) -> str:
    """The second factor: a six-digit code or a recovery key. TotpRequired when nobody is there to ask."""
    if not somebody_is_there():
        raise TotpRequired("the login needs a second factor, and there is no terminal to ask on; use an API token")
    import click

    # It holds up the event loop on purpose: nothing else can go on before the login.
    with _ctrl_c_interrupts():
        try:
            return _hidden(clean(prompt))
        except click.Abort:
            # asyncio lets only this one end everything; another would come back wrapped in groups.
            raise KeyboardInterrupt from None


def for_secret(label: str) -> str:
    """Typed without echo; it is hidden from every log from now on."""
    return _hidden(clean(label))


def wait_unheard(text: str, seconds: float) -> None:
    """Say this and sleep, between two questions for a secret; what is typed meanwhile is neither shown nor kept."""
    import termios

    import click

    before = termios.tcgetattr(sys.stdin)
    silent = [*before]
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, silent)
    try:
        click.echo(text, err=True)
        time.sleep(seconds)
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)


def for_choice(label: str, choices: Sequence[str], default: str | None = None) -> str:
    """One of these, asked until it is one."""
    import click

    known = [clean(one) for one in choices]
    chosen: str = click.prompt(clean(label), type=click.Choice(known), default=default, err=True)
    return choices[known.index(chosen)]


def for_answer(label: str) -> str:
    """A line typed at a terminal, after a question. What was typed before the question is thrown away.

    KeyboardInterrupt for ctrl+c and for an end of the input. It holds up the event loop: nothing is to go on.
    """
    import termios

    import click

    termios.tcflush(sys.stdin, termios.TCIFLUSH)
    with _ctrl_c_interrupts():
        try:
            answer: str = click.prompt(clean(label), default="", show_default=False, err=True)
        except click.Abort:
            raise KeyboardInterrupt from None
    return answer.strip()


def _hidden(label: str) -> str:
    import click

    answer: str = click.prompt(label, hide_input=True, err=True)
    redact.hide(answer)
    return answer


@contextmanager
def _ctrl_c_interrupts() -> Iterator[None]:
    """asyncio's own handler would only note the key and go on reading."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

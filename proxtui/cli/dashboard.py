"""Opening the dashboard: not before it is sure that there is a server to show and a terminal to show it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxtui.cli.session import NOTHING_CONFIGURED, Session, terminal_problem
from proxtui.errors import NotConfigured, UsageError

if TYPE_CHECKING:
    from proxtui.config.models import Config
    from proxtui.kit.places import Place


def main() -> int:
    """``proxtui`` without a word more: the same as the command line does then; gives the exit code."""
    from proxtui.cli.failures import guarded
    from proxtui.cli.streams import prepare

    prepare()
    return guarded(lambda: open_configured(Session()), ())


def open_configured(session: Session) -> int:
    """Open the dashboard over the server of environment and flags; gives the exit code."""
    from proxtui.core.collecting import collecting_later

    with collecting_later():
        return _open_configured(session)


def _open_configured(session: Session) -> int:
    from proxtui.cli.ask import with_passwords

    config = session.configuration(for_dashboard=True)
    if config is None:
        if session.flags.get("wall") or terminal_problem(session.environ):
            raise NotConfigured(NOTHING_CONFIGURED)
        code, config = first_run(session)
        if config is None:
            return code
    require_terminal(session)
    return open_over(with_passwords(config), session, remember=True)


def first_run(session: Session) -> tuple[int, Config | None]:
    """Ask for a first server and make the configuration; gives the exit code, and None when somebody left."""
    import os

    from proxtui.cli.config_keys import KeyOptions
    from proxtui.config.keyed import keyed
    from proxtui.config.paths import themes_folder
    from proxtui.tui.app import wants_ascii
    from proxtui.tui.wizard import run_wizard

    ascii_only = bool(session.flags.get("ascii")) or wants_ascii(os.environ)
    seat = KeyOptions().seat
    code, session.vault = run_wizard(
        seat, ascii_only=ascii_only, themes=themes_folder(), theme=session.flags.get("theme")
    )
    vault = session.vault
    return code, None if vault is None else session.with_looks(keyed(vault, session.environ))


def _where_one_is_added() -> Place:
    from proxtui.core.model import Scope
    from proxtui.kit.places import Place

    return Place("servers", Scope(), None, "")


def require_terminal(session: Session) -> None:
    """Raise UsageError with one line when there is no terminal that the dashboard could use."""
    problem = terminal_problem(session.environ)
    if problem:
        raise UsageError(problem)


def open_over(config: Config, session: Session, *, remember: bool) -> int:
    """Run the dashboard until it is left; gives its exit code. It asks for a second factor by itself.

    Without ``remember`` nothing of an earlier session is found again, and nothing of this one. How calls went is
    always recorded: the room of the metrics is empty without.
    """
    from proxtui.config.paths import state_file, themes_folder
    from proxtui.kit.quick_classes import quicken

    # Before the app is loaded, for that makes the classes.
    quicken()
    from proxtui.tui.app import run_dashboard
    from proxtui.tui.configured import Configured

    configured = Configured(config, session.vault, session.with_looks, session.monitor)
    if not config.active_servers():
        configured.place = _where_one_is_added()
    return run_dashboard(
        configured,
        wall=bool(session.flags.get("wall")),
        themes=themes_folder(),
        state=state_file() if remember else None,
        keep_theme=bool(session.flags.get("theme")),
        record=True,
    )

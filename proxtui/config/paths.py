"""Where the files of this user are."""

from __future__ import annotations

import socket
from pathlib import Path

import platformdirs


def themes_folder() -> Path:
    """Themes of one's own, one TOML file each; need not be there."""
    return platformdirs.user_config_path("proxtui", appauthor=False) / "themes"


def config_file() -> Path:
    """The configuration of this user; need not be there."""
    return platformdirs.user_config_path("proxtui", appauthor=False) / "config.toml"


def state_file() -> Path:
    """What the dashboard remembers between two starts; need not be there."""
    return platformdirs.user_state_path("proxtui", appauthor=False) / "state.json"


def state_folder() -> Path:
    """Where the databases are; need not be there."""
    return platformdirs.user_state_path("proxtui", appauthor=False)


def machine_name() -> str:
    """What tells this machine from others, also after all files of this user are gone."""
    try:
        told = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        # As in most containers.
        told = ""
    return told or socket.gethostname()


def syslog_socket() -> Path:
    """Where the system's own log listens; need not be there."""
    return Path("/dev/log")

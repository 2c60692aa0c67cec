"""What a program that we start gets of our environment: what it needs to run, and nothing that could be a secret."""

from __future__ import annotations

from collections.abc import Mapping

KEPT = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "LANG", "LANGUAGE", "TZ", "TMPDIR",
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME",
    "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME", "PASSWORD_STORE_DIR", "PYTHONPATH", "VIRTUAL_ENV",
)  # fmt: skip


def environment(environ: Mapping[str, str], *more: str) -> dict[str, str]:
    """Built from nothing: the names above, the locale, and ``more`` names."""
    return {name: value for name, value in environ.items() if name in (*KEPT, *more) or name.startswith("LC_")}

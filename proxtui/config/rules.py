"""What may be changed, from variables: the role, the lock, and which changes are allowed at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from proxtui.config.models import Role, WriteMode, check_globs
from proxtui.errors import UsageError

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


def role_of(environ: Mapping[str, str]) -> Role:
    """What ``PROXTUI_ROLE`` says; admin when it says nothing. UsageError for another word."""
    return Role(_choice(environ, "PROXTUI_ROLE", tuple(Role), Role.ADMIN))


def rules_of(environ: Mapping[str, str]) -> dict[str, Any]:
    """Fields of ``Rules`` that variables say something about. UsageError names the variable that cannot be meant."""
    found: dict[str, Any] = {
        "write_mode": _choice(environ, "PROXTUI_WRITE_MODE", get_args(WriteMode), "always"),
        "dry_run": _choice(environ, "PROXTUI_DRY_RUN", _TRUE + _FALSE, "") in _TRUE,
    }
    for name in ("allowed_operations", "denied_operations"):
        variable = f"PROXTUI_{name.upper()}"
        if globs := tuple(glob.strip() for glob in environ.get(variable, "").split(",") if glob.strip()):
            try:
                check_globs(name, globs)
            except ValueError as error:
                raise UsageError(f"{variable}: {str(error).partition(': ')[2]}") from None
            found[name] = globs
    return found


def _choice(environ: Mapping[str, str], variable: str, words: tuple[str, ...], default: str) -> str:
    value = environ.get(variable, "").strip().lower()
    if value and value not in words:
        raise UsageError(f"{variable}: {value[:40]!a} is none of {', '.join(word for word in words if word)}")
    return value or default

"""proxtui: the terminal in which an operator runs a fleet of Proxmox VE clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proxtui.security import SecurityManager

__all__ = ["SecurityManager", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "SecurityManager":
        from importlib import import_module

        # Nobody who only asks for the version should load the audit, and no room should depend on it that way.
        return import_module("proxtui.security").SecurityManager
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

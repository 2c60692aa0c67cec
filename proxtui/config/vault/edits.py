"""Small changes to a configuration, by name; they are made again on whatever stands in the file when it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from proxtui.config.secret import Secret
from proxtui.config.vault.contents import Plain, config_of
from proxtui.config.vault.crypto import canonical
from proxtui.errors import ConfigError, UsageError

Names = tuple[str, ...]


@dataclass(frozen=True)
class Put:
    """Set a value or a whole table, as in ``Put(("tenants", "acme", "servers", "prod", "timeout_ms"), 5000)``."""

    path: Names
    value: Any = field(repr=False)
    """JSON values, and ``Secret`` for one. It is not shown."""
    is_new: bool = False
    """Refused where something of that name is there already."""


@dataclass(frozen=True)
class Delete:
    """Take a value or a whole table away."""

    path: Names


Edit = Put | Delete


def add_tenant(slug: str, name: str, **more: Any) -> Put:
    """A tenant without servers; ``more`` are fields of ``Tenant``."""
    return Put(("tenants", slug), {"name": name, "servers": {}} | more, is_new=True)


def add_server(tenant: str, name: str, endpoints: Sequence[str], **more: Any) -> Put:
    """A server; ``more`` are fields of ``Server`` as plain values, and ``monitor`` for read-only credentials."""
    return Put(("tenants", tenant, "servers", name), {"endpoints": [{"host": host} for host in endpoints]} | more, True)


def add_user(name: str, system_role: str = "user", roles: dict[str, str] | None = None) -> Put:
    """A person, with a role by the slug of each tenant."""
    return Put(("users", name), {"system_role": system_role, "roles": roles or {}}, is_new=True)


def edited(plain: Plain, edits: Sequence[Edit]) -> Plain:
    """A copy with the edits made. UsageError when one cannot be meant; a value is never quoted."""
    made = deepcopy(plain)
    for edit in edits:
        _make(made, edit)
    try:
        canonical(made)
        config_of(made)
        config_of(made, monitor=True)
    except ConfigError as error:
        raise UsageError(str(error)) from None
    except (TypeError, ValueError):
        raise UsageError("only texts, numbers, true, false, lists and tables of them can be kept") from None
    return made


def _make(plain: Plain, edit: Edit) -> None:
    *parents, last = edit.path or ("",)
    if not parents:
        raise UsageError(f"{last}: cannot be changed as a whole")
    table: Any = plain
    for depth, name in enumerate(parents):
        is_new_part = isinstance(edit, Put) and name in ("credentials", "monitor", "trust", "servers", "roles")
        if isinstance(table, dict) and is_new_part and depth > 1:
            table.setdefault(name, {})
        table = table.get(name) if isinstance(table, dict) else None
    if not isinstance(table, dict) or (isinstance(edit, Delete) and last not in table):
        raise UsageError(f"{'.'.join(edit.path)}: there is no such entry")
    if isinstance(edit, Put):
        if edit.value is None or (edit.is_new and last in table):
            raise UsageError(f"{'.'.join(edit.path)}: {'needs a value' if edit.value is None else 'is there already'}")
        table[last] = _unveiled(edit.value)
        return
    del table[last]
    if parents == ["tenants"]:
        for user in plain["users"].values():
            user.get("roles", {}).pop(last, None)


def _unveiled(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.get_secret_value()
    if isinstance(value, dict):
        return {key: _unveiled(held) for key, held in value.items() if held is not None}
    return [_unveiled(held) for held in value] if isinstance(value, list | tuple) else value

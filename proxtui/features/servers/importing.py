"""Servers from a CSV file: every row for itself, and a report that names each line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxtui.config.models import Config, Server
from proxtui.errors import InvalidInput, ProxtuiError, UnsafeFile, UsageError
from proxtui.features.servers.models import NewServer
from proxtui.features.servers.service import add, wanted

if TYPE_CHECKING:
    from proxtui.core.registrar import Registrar

MOST_ROWS = 1_000
COLUMNS = {
    "tenant": "tenant",
    "name": "name",
    "host": "host",
    "port": "port",
    "token": "token_secret",
    "apitoken": "token_secret",
    "tokenid": "token_id",
    "tokensecret": "token_secret",
    "fingerprint": "fingerprints",
    "cafile": "ca_file",
    "timeout": "timeout_ms",
    "connectiontimeout": "timeout_ms",
    "tailscalehostname": "tailscale_hostname",
    "usetailscale": "use_tailscale",
    "jumps": "jumps",
    "monitortokenid": "monitor_token_id",
    "monitortokensecret": "monitor_token_secret",
    "monitortoken": "monitor_token_secret",
}
"""From a heading, without ``_``, ``-``, blanks and capitals, to the field. Time-outs are seconds, as in seed B."""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one line."""

    line: int
    """In the file; the headings are line 1."""
    name: str
    ok: bool
    why: str = ""


async def import_servers(
    registrar: Registrar, file: Path, *, tenant: str = "", dry_run: bool = False
) -> tuple[Row, ...]:
    """Add every row that can be added; no server is asked, and one bad row stops no other.

    ``tenant`` is for rows without one of their own. ``dry_run`` only judges. UnsafeFile when others may read the file,
    UsageError when it is no such table. A row that is refused by role or read-only ends it: RoleRefused, ReadOnlyError.
    """
    rows = list(_rows(file))
    config, report = registrar.config, []
    for number, said in rows:
        if tenant:
            said.setdefault("tenant", tenant)
        name = "/".join(filter(None, (said.get("tenant"), said.get("name"))))
        try:
            new = NewServer(**said)
            if dry_run:
                config = _with(config, new.tenant, wanted(config, new)[0])
            else:
                await add(registrar, new)
        except UsageError as error:
            report.append(Row(number, name, False, _why(error)))
        except ProxtuiError as error:
            if error.exit_code != 14:
                raise
            report.append(Row(number, name, False, str(error)))
        else:
            report.append(Row(number, name, True))
    return tuple(report)


def _why(error: UsageError) -> str:
    # The value may be a secret in the wrong column: the field and its rule say enough.
    return f"{error.field}: {error.rule}" if isinstance(error, InvalidInput) else str(error)


def _rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    from proxtui.config.vault.files import read_safely

    if file.exists() and file.stat().st_mode & 0o077:
        raise UnsafeFile(f"{file} holds tokens and is open to other users: `chmod 600 {file}`")
    try:
        text = read_safely(file, ours=False).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8") from None
    head = text.partition("\n")[0]
    table = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head and "," not in head else ",")
    try:
        fields = [_field(heading) for heading in next(table, [])]
        if "name" not in fields or "host" not in fields:
            raise UsageError(f"{file}: the first line needs the headings name and host")
        for count, row in enumerate(row for row in table if any(cell.strip() for cell in row)):
            if count >= MOST_ROWS:
                raise UsageError(f"{file} has more than {MOST_ROWS} rows")
            cells = zip(fields, row, strict=False)
            yield table.line_num, _values({name: cell.strip() for name, cell in cells if name and cell.strip()})
    except csv.Error as error:
        raise UsageError(f"{file}: line {table.line_num} is no CSV: {error}") from None


def _field(heading: str) -> str:
    plain = "".join(sign for sign in heading.lower() if sign.isalnum())
    if plain not in COLUMNS:
        raise UsageError(f"the heading {heading.strip()[:40]!a} is not known; there are {', '.join(sorted(COLUMNS))}")
    return COLUMNS[plain]


def _values(cells: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = dict(cells)
    if "timeout_ms" in cells:
        try:
            values["timeout_ms"] = round(float(cells["timeout_ms"]) * 1000)
        except (ValueError, OverflowError):
            values["timeout_ms"] = cells["timeout_ms"] + " s"
    return values


def _with(config: Config, slug: str, server: Server) -> Config:
    tenants = tuple(replace(one, servers=(*one.servers, server)) if one.slug == slug else one for one in config.tenants)
    return replace(config, tenants=tenants)

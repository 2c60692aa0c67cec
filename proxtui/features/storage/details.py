"""A storage in the few lines that an operator looks for. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from proxtui.core import text
from proxtui.core.rows import UNKNOWN, Tone, tone_of_load
from proxtui.features.storage.rows import StorageRow, status_tone
from proxtui.pve.models import ProxmoxStorage


class Line(NamedTuple):
    """One line of the summary."""

    label: str
    text: str
    tone: Tone = Tone.PLAIN


def title_of(row: StorageRow) -> str:
    """``storage local of pve1, acme / berlin``."""
    where = f"{row.key.tenant} / {row.key.server}"
    return f"storage {row.key.storage} of {where if row.is_shared else f'{row.key.node}, {where}'}"


def storage_lines(row: StorageRow, status: ProxmoxStorage | None) -> Iterator[Line]:
    """How it stands. ``status`` is its own answer, which alone knows what is left for us."""
    kind = f"{row.storage.type or UNKNOWN}, {'shared' if row.is_shared else 'local'}"
    enabled = ", disabled" if status is not None and status.enabled is False else ""
    yield Line("State", f"{row.status}, {kind}{enabled}", status_tone(row))
    used, total = row.storage.used, row.storage.total
    avail = f", {text.size(status.avail)} free" if status is not None and status.avail is not None else ""
    full = f"{text.size(used)} of {text.size(total)} ({text.percent(row.share)}){avail}"
    yield Line("Used", UNKNOWN if used is None else full, tone_of_load(row.share) if row.share else Tone.PLAIN)
    if row.is_shared:
        yield Line("Seen by", ", ".join(row.nodes))

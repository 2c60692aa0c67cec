"""What lies on a storage: marks that say what is wrong, and thousands of volumes without a pause."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from proxtui.core.model import StorageKey
from proxtui.core.rows import Tone
from proxtui.features.storage.contents import CONTENT_COLUMNS, content_rows, first_line
from proxtui.pve.models import StorageContent
from proxtui.pve.storage import PIECE, StorageTools, content_of

from .fakes import FakeClient

MARKS = next(column for column in CONTENT_COLUMNS if column.key == "protected")
PLACE = StorageKey("acme", "berlin", "pve1", "pbs")


@pytest.mark.parametrize(
    ("volume", "text", "tone"),
    [
        ({"protected": True, "encrypted": True, "verified": "ok"}, "protected encrypted verified", Tone.ACCENT),
        ({"protected": True, "verified": "failed"}, "verify failed protected", Tone.BAD),
        ({"verified": "none"}, "verify none", Tone.ACCENT),
        ({}, "", Tone.ACCENT),
    ],
)
def test_marks_of_a_backup_begin_with_what_is_wrong(volume: dict[str, Any], text: str, tone: Tone) -> None:
    [row] = content_rows([StorageContent(volid="pbs:backup/vm/100/x", content="backup", **volume)], PLACE, None)
    assert MARKS.text(row) == text
    assert MARKS.tone(row) is tone


def test_notes_are_one_line_without_control_characters() -> None:
    [volume] = content_of([{"volid": "pbs:x", "notes": "nightly\x1b[2J\u202e of web\nsecond"}])
    line = first_line(volume.notes)
    assert line.endswith(" …")
    assert line.isprintable()


async def test_thousands_of_volumes_let_others_have_their_turn() -> None:
    items = [{"volid": f"pbs:backup/vm/{at}", "content": "backup", "vmid": 100 + at} for at in range(5 * PIECE)]
    where = "/nodes/pve1/storage/pbs/content"
    asked = asyncio.ensure_future(
        StorageTools(FakeClient(**{where: items})).list_storage_content("pve1", "pbs")  # type: ignore[arg-type]
    )
    turns = 0
    while not asked.done():
        await asyncio.sleep(0)
        turns += 1
    assert len(asked.result()) == 5 * PIECE
    assert turns >= 5

"""One disk of a node: what SMART says of it, in the pane and on the command line."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.rows import Tone
from proxtui.errors import ApiError
from proxtui.features.nodes.disks import disks_page, smart_lines, smart_page
from proxtui.pve.models_node import DiskSmart, NodeDisk, SmartAttribute

from .fakes import FakeClient, denied
from .fleets import ACME, two_tenants
from .screens import LARGE, SMALL, Stage, stage, text_of
from .test_sections import node

NODE = "/nodes/pve1"
LIST = [
    {"devpath": "/dev/nvme0n1", "type": "nvme", "health": "PASSED", "wearout": 91, "size": 4_000_000_000_000},
    {"devpath": "/dev/sda", "type": "hdd", "health": "FAILED!", "wearout": "N/A"},
    {"devpath": "/dev/sdz", "type": "unknown", "health": "UNKNOWN", "wearout": "N/A"},
]
SICK = {
    "health": "FAILED!",
    "type": "ata",
    "attributes": [
        {"id": "  5", "name": "Reallocated_Sector_Ct", "value": 8, "worst": 8, "threshold": 10, "raw": "2184",
         "fail": "NOW"},
        {"id": "190", "name": "Airflow_Temperature", "value": 60, "worst": 40, "threshold": 45, "raw": "40",
         "fail": "past"},
        {"id": "  9", "name": "Power_On_Hours", "value": 96, "worst": 96, "threshold": 0, "raw": "18734", "fail": "-"},
    ],
}  # fmt: skip
PRINTED = {
    "health": "PASSED",
    "type": "text",
    "text": "\nSMART/Health Information (NVMe Log 0x02)\nPercentage Used:  9%\n",
    "wearout": 91,
}


class Disks(FakeClient):
    """Answers for the disk that is asked for."""

    smart: dict[str, Any]

    async def get(self, path: str, *, params: Any = None) -> Any:
        if path.endswith("disks/smart"):
            self.asked.append(f"{path}?{params['disk']}")
            answer = self.smart[params["disk"]]
            if isinstance(answer, Exception):
                raise answer
            return answer
        return await super().get(path, params=params)


def client(**smart: Any) -> Disks:
    known = Disks(**{f"{NODE}/disks/list": LIST})
    known.smart = {"/dev/sda": SICK, "/dev/nvme0n1": PRINTED, **smart}
    return known


def facts(acting: Stage) -> str:
    return " ".join(f"{fact.label} {fact.text}" for fact in acting.pane.facts)


async def open_disk(acting: Stage, disk: str) -> None:
    await node(acting, "Disks")
    await acting.until(lambda: disk in text_of(acting.pane.table))
    acting.app.screen.set_focus(acting.pane.table)
    acting.pane.table.move_to(disk)
    await acting.press("enter")


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_enter_on_a_disk_shows_its_attributes_and_escape_goes_back(size: tuple[int, int]) -> None:
    asked = client()
    async with stage(two_tenants(), size, clients={ACME: asked}) as acting:
        await open_disk(acting, "/dev/sda")
        await acting.until(lambda: "Reallocated" in text_of(acting.pane.table))
        assert "✗ FAILED!" in facts(acting)
        assert "1 attribute at or below the threshold" in facts(acting)
        assert acting.pane.title.startswith("disk /dev/sda of node pve1")
        assert asked.asked[-1] == f"{NODE}/disks/smart?/dev/sda"
        await acting.press("escape")
        assert acting.front.split.is_open
        assert "/dev/nvme0n1" in text_of(acting.pane.table)
        acting.app.screen.set_focus(acting.table)
        await acting.press("escape")
        assert not acting.front.split.is_open


async def test_a_disk_that_prints_text_shows_it() -> None:
    async with stage(two_tenants(), clients={ACME: client()}) as acting:
        await open_disk(acting, "/dev/nvme0n1")
        await acting.until(lambda: "Percentage Used:  9%" in text_of(acting.pane.table))
        assert "✓ PASSED" in facts(acting)
        assert "Life left 91 %" in facts(acting)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ApiError("Error getting S.M.A.R.T. data: Exit code: 2", method="GET", path="/x"), "Exit code: 2"),
        (denied("/x", "Sys.Audit"), "missing privilege Sys.Audit"),
    ],
)
async def test_a_disk_that_does_not_tell_is_unknown_and_says_why(error: Exception, why: str) -> None:
    async with stage(two_tenants(), clients={ACME: client(**{"/dev/sdz": error})}) as acting:
        await open_disk(acting, "/dev/sdz")
        await acting.until(lambda: why in facts(acting))
        assert "? unknown" in facts(acting)


async def test_another_section_forgets_the_disk() -> None:
    async with stage(two_tenants(), clients={ACME: client()}) as acting:
        await open_disk(acting, "/dev/sda")
        await acting.press("full_stop", "comma")
        await acting.until(lambda: "/dev/nvme0n1" in text_of(acting.pane.table))


def test_health_has_a_sign_and_a_word() -> None:
    disks = [
        NodeDisk(devpath="a", health="PASSED"),
        NodeDisk(devpath="b", health="FAILED!"),
        NodeDisk(devpath="c"),
    ]
    made = disks_page(disks).sheet
    assert made is not None
    assert [row.cells[1].text for row in made.rows] == ["✓ PASSED", "✗ FAILED!", "? –"]
    assert [row.key for row in made.rows] == ["a", "b", "c"]


def test_attributes_that_failed_stand_out() -> None:
    page = smart_page(
        DiskSmart(
            disk="/dev/sda",
            health="PASSED",
            attributes=(
                SmartAttribute(name="low", value=5, threshold=10),
                SmartAttribute(name="was", value=50, threshold=10, fail="past"),
                SmartAttribute(name="fine", value=50, threshold=0),
                SmartAttribute(name="none"),
            ),
        )
    )
    assert page.sheet is not None
    assert [row.cells[1].tone for row in page.sheet.rows] == [Tone.BAD, Tone.WARN, Tone.PLAIN, Tone.PLAIN]
    assert [row.cells[6].text for row in page.sheet.rows] == ["now", "once", "no", "no"]


def test_the_command_line_says_the_same() -> None:
    sick = DiskSmart(
        disk="/dev/sda",
        health="FAILED!",
        attributes=(SmartAttribute(name="Reallocated", value=8, worst=8, threshold=10, raw="2184", fail="NOW"),),
    )
    assert list(smart_lines(sick)) == [
        ("disk /dev/sda", [("Health", "FAILED!"), ("Life left", "–")]),
        ("Attributes", [("Reallocated", "value 8 worst 8 fails at 10, raw 2184, fails now")]),
    ]
    printed = DiskSmart(disk="/dev/nvme0n1", text="\nCritical Warning: 0x00\nTable\n", wearout=91.0)
    assert list(smart_lines(printed))[1] == ("What SMART says", [("Critical Warning", "0x00"), ("", "Table")])

"""``/nodes/{node}/disks``: what a node has, and how well it is."""

from __future__ import annotations

from proxtui.sim.api import Call, Param, failed
from proxtui.sim.routes.upkeep import number_of
from proxtui.sim.state import Node
from proxtui.sim.views import Row

PATH = Param(required=True, pattern=r"/dev/[a-zA-Z0-9/]+")
MODELS = {
    "nvme": ("SAMSUNG MZQL23T8HCLS-00A07", 3_840_755_982_336, 0),
    "ssd": ("INTEL SSDSC2KB960G8", 960_197_124_096, 0),
    "hdd": ("ST8000NM000A-2KE101", 8_001_563_222_016, 7200),
}
ATTRIBUTES = (
    (5, "Reallocated_Sector_Ct", "PO--CK", 100, 10, "0"),
    (9, "Power_On_Hours", "-O--CK", 96, 0, "18734"),
    (187, "Reported_Uncorrect", "-O--CK", 100, 0, "0"),
    (194, "Temperature_Celsius", "-O---K", 71, 0, "29 (Min/Max 19/44)"),
    (197, "Current_Pending_Sector", "-O--CK", 100, 0, "0"),
    (199, "UDMA_CRC_Error_Count", "-OSRCK", 100, 0, "0"),
)


def listing(call: Call) -> list[Row]:
    """``disks/list``: two NVMe disks and some spinning ones, or two SSDs."""
    node = call.node
    rows = [_disk(node, f"/dev/nvme{index}n1", "nvme", index) for index in range(2)]
    if node.nodeid % 2:
        rows += [_disk(node, f"/dev/sd{letter}", "hdd", 2 + index) for index, letter in enumerate("abcd")]
    else:
        rows += [_disk(node, f"/dev/sd{letter}", "ssd", 2 + index) for index, letter in enumerate("ab")]
    if node.nodeid % 4 == 3:
        rows.append(_behind_controller())
    wanted = call.params.get("type")
    return [row for row in rows if wanted in (None, row["type"])]


def _disk(node: Node, path: str, kind: str, index: int) -> Row:
    model, size, speed = MODELS[kind]
    worn: int | str = "N/A" if kind == "hdd" else 99 - (number_of(node, path) % 20) - 3 * (node.nodeid % 7)
    row: Row = {
        "devpath": path,
        "model": model,
        "serial": f"S64HNE0T{node.nodeid:02d}{index:04d}",
        "vendor": "unknown" if kind == "nvme" else "ATA",
        "type": kind,
        "size": size,
        "used": ("BIOS boot" if index == 0 else "ZFS") if index < 2 else ("LVM" if kind == "ssd" else "Ceph"),
        "health": "FAILED" if _sick(node, path) else "PASSED",
        "wearout": worn,
        "wwn": f"0x5000c500{node.nodeid:04d}{index:04d}",
        "gpt": 1,
        "mounted": 0,
        "rpm": speed,
        "osdid": -1,
        "osdid-list": None,
    }
    if row["used"] == "Ceph":
        row |= {"osdid": node.nodeid * 4 + index, "osdid-list": [str(node.nodeid * 4 + index)]}
        row["used"] = "LVM"
    return row


def _behind_controller() -> Row:
    """What a RAID controller shows as one disk: nobody can ask the disks behind it."""
    return {
        "devpath": "/dev/sdz",
        "model": "PERC_H755_Front",
        "serial": "unknown",
        "vendor": "DELL",
        "type": "unknown",
        "size": 15_360_950_534_144,
        "used": "LVM",
        "health": "UNKNOWN",
        "wearout": "N/A",
        "wwn": "unknown",
        "gpt": 0,
        "mounted": 0,
        "rpm": -1,
        "osdid": -1,
        "osdid-list": None,
    }


def _sick(node: Node, path: str) -> bool:
    return node.sick_disk and path == "/dev/sda"


def smart(call: Call) -> Row:
    """``disks/smart``: a table for ATA disks, text for the others, a failure where a controller is in between."""
    path, node = call.params["disk"], call.node
    known = {row["devpath"]: row for row in listing(Call(call.world, call.site, call.who, call.now, call.path, {}))}
    if path not in known:
        raise failed("not a valid block device")
    row = known[path]
    if row["health"] == "UNKNOWN":
        raise failed("Error getting S.M.A.R.T. data: Exit code: 2")
    if call.params.get("healthonly"):
        return {"health": row["health"]}
    if row["type"] == "nvme":
        return {"health": row["health"], "type": "text", "text": _nvme_text(row), "wearout": row["wearout"]}
    found = []
    for ident, name, flags, value, threshold, raw in ATTRIBUTES:
        bad = _sick(node, path) and ident in (5, 197)
        now = 8 if bad else value
        found.append(
            {
                "id": f"{ident:3d}",
                "name": name,
                "flags": flags,
                "value": now,
                "normalized": now,
                "worst": now,
                "threshold": threshold,
                "fail": "NOW" if bad and threshold else "-",
                "raw": "2184" if bad else raw,
            }
        )
    return {"health": row["health"], "type": "ata", "attributes": found}


def _nvme_text(row: Row) -> str:
    return (
        "\nSMART/Health Information (NVMe Log 0x02)\n"
        "Critical Warning:                   0x00\n"
        "Temperature:                        38 Celsius\n"
        "Available Spare:                    100%\n"
        f"Percentage Used:                    {100 - int(row['wearout'])}%\n"
        "Power On Hours:                     18,734\n"
        "Media and Data Integrity Errors:    0\n"
    )

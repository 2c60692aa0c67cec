"""A guest's configuration in the few lines that an operator looks for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from proxtui.core import text
from proxtui.core.ages import age_text
from proxtui.core.rows import UNKNOWN, Tone

if TYPE_CHECKING:
    from proxtui.core.learned import Inside
    from proxtui.features.guests.rows import GuestRow

MIB = 1024**2
DISK = re.compile(r"(?:scsi|virtio|sata|ide|efidisk|tpmstate|mp|unused)\d+|rootfs")
NET = re.compile(r"net\d+")
YES = {"1", "on", "yes", "true"}
DESCRIPTION_LINES = 4
"""The rest of a long description is replaced by a sign."""


class Line(NamedTuple):
    """One line of the summary."""

    label: str
    text: str
    tone: Tone = Tone.PLAIN


def doubt(row: GuestRow) -> str:
    """What stands behind a state that is not of now: how old it is, or that its node is away; else nothing."""
    if row.node_offline:
        return f" (node {row.guest.node} is offline: what was last heard)"
    if not row.muted:
        return ""
    return f" ({UNKNOWN if row.age is None else age_text(row.age)} old)"


def learned_lines(row: GuestRow) -> Iterator[Line]:
    """What the guest was asked slowly, with its age; nothing of what never was."""
    if row.asides.recalled:
        yield Line("Name", "the last that was told: while its node is away PVE does not name a guest", Tone.WARN)
    learned = row.asides.learned
    if learned is None:
        return
    when = f", asked {text.age(row.asides.age)} ago" if row.asides.age else ""
    tone = Tone.MUTED if when or not row.is_running else Tone.PLAIN
    if learned.inside is not None:
        yield Line("IP", _addresses_text(learned.inside) + when, tone)
        yield Line("OS", (learned.inside.system or UNKNOWN) + when, tone)
    if learned.backup is not None and row.asides.backup_age is not None:
        sure = "" if learned.backup.sure else "; we may not see a newer one"
        yield Line("Backup", f"the newest {text.age(row.asides.backup_age)} ago{sure}")
    elif learned.backup is not None:
        none = "none" if learned.backup.sure else "none that we may see"
        yield Line("Backup", none, Tone.WARN if learned.backup.sure else Tone.MUTED)


def _addresses_text(inside: Inside) -> str:
    if inside.addresses is None:
        return f"{UNKNOWN} ({inside.silence})" if inside.silence else UNKNOWN
    return "  ".join(inside.addresses) or "none that others could reach"


def config_lines(kind: str, config: Mapping[str, Any]) -> list[Line]:
    """The summary of ``/nodes/N/{qemu,lxc}/V/config``; ``kind`` is ``qemu`` or ``lxc``.

    Only keys that are there make a line: PVE leaves out what has its default.
    """
    lines = [Line("CPU", cpu_text(kind, config)), Line("Memory", memory_text(config))]
    lines.extend(_devices(config))
    lines.extend(_system(kind, config))
    lines.extend(_description(str(config.get("description") or "")))
    return lines


def properties(value: object) -> dict[str, str]:
    """A property string such as ``local:vm-100-disk-0,size=8G``; what has no name is under the empty key."""
    found: dict[str, str] = {}
    for part in str(value).split(","):
        name, sign, rest = part.partition("=")
        if sign:
            found[name.strip()] = rest.strip()
        else:
            found.setdefault("", part.strip())
    return found


def is_on(value: object) -> bool:
    """``1``, ``enabled=1,fstrim_cloned_disks=1``: how PVE writes that something is switched on."""
    parts = properties(value)
    return parts.get("enabled", parts.get("", "")).lower() in YES


def cpu_text(kind: str, config: Mapping[str, Any]) -> str:
    """``4 cores``, ``2 × 4 cores, host``; a container without a limit may use all of its node."""
    cores = config.get("cores")
    if cores is None and kind == "lxc":
        return "no limit"
    count = f"{cores or 1} {'core' if str(cores or 1) == '1' else 'cores'}"
    sockets = str(config.get("sockets") or 1)
    model = properties(config["cpu"]) if config.get("cpu") else {}
    words = [count if sockets == "1" else f"{sockets} × {count}", model.get("") or model.get("cputype", "")]
    if config.get("cpulimit") not in (None, "0", 0):
        words.append(f"limit {config['cpulimit']}")
    return ", ".join(word for word in words if word)


def memory_text(config: Mapping[str, Any]) -> str:
    """``4 GiB, balloon from 1 GiB``. PVE's numbers are MiB."""
    value = properties(config["memory"]) if config.get("memory") is not None else {}
    words = [_mib(value.get("current", value.get("")))]
    if _number(config.get("balloon")):
        words.append(f"balloon from {_mib(config['balloon'])}")
    if _number(config.get("swap")):
        words.append(f"swap {_mib(config['swap'])}")
    return ", ".join(words)


def _number(value: object) -> float | None:
    try:
        return float(str(value)) if value is not None else None
    except ValueError:
        return None


def _mib(value: object) -> str:
    number = _number(value)
    return UNKNOWN if number is None else text.size(number * MIB)


def _by_number(key: str) -> tuple[str, int]:
    """So that ``scsi2`` stands before ``scsi10``."""
    digits = re.search(r"\d+$", key)
    return (key[: digits.start()], int(digits.group())) if digits else (key, -1)


def _devices(config: Mapping[str, Any]) -> Iterator[Line]:
    for key in sorted(filter(DISK.fullmatch, config), key=_by_number):
        parts = properties(config[key])
        words = [parts.get("") or parts.get("volume") or parts.get("file") or "", parts.get("size", "")]
        words.append(parts.get("mp", ""))
        if parts.get("media") == "cdrom":
            words.append("CD")
        yield Line(
            key, "  ".join(word for word in words if word), Tone.MUTED if key.startswith("unused") else Tone.PLAIN
        )
    for key in sorted(filter(NET.fullmatch, config), key=_by_number):
        yield Line(key, _net_text(properties(config[key])))


def _net_text(parts: Mapping[str, str]) -> str:
    models = ("virtio", "e1000", "e1000e", "rtl8139", "vmxnet3")
    model = next((name for name in models if name in parts), "")
    words = [parts.get("bridge", "no bridge"), parts.get("name", model), parts.get("hwaddr", parts.get(model, ""))]
    words.extend(
        f"{label} {parts[key]}" for key, label in (("tag", "VLAN"), ("ip", "IP"), ("ip6", "IPv6")) if key in parts
    )
    if parts.get("link_down") == "1":
        words.append("link down")
    return "  ".join(word for word in words if word)


def _system(kind: str, config: Mapping[str, Any]) -> Iterator[Line]:
    system = [str(config[key]) for key in ("ostype", "machine", "bios") if config.get(key)]
    if system:
        yield Line("System", ", ".join(system))
    if config.get("boot"):
        order = properties(config["boot"])
        yield Line("Boot", order.get("order", order.get("", "")).replace(";", ", "))
    yield Line("On boot", "starts" if is_on(config.get("onboot", 0)) else "stays off")
    if kind == "qemu":
        yield Line("Agent", "on" if is_on(config.get("agent", 0)) else "off")
    else:
        yield Line("Rights", "unprivileged" if is_on(config.get("unprivileged", 0)) else "privileged")
    if is_on(config.get("protection", 0)):
        yield Line("Protection", "on", Tone.ACCENT)
    if config.get("tags"):
        yield Line("Tags", " ".join(re.split(r"[;, ]+", str(config["tags"]))))


def _description(description: str) -> Iterator[Line]:
    written = [line.rstrip() for line in description.splitlines() if line.strip()]
    for number, line in enumerate(written[:DESCRIPTION_LINES]):
        more = " …" if number == DESCRIPTION_LINES - 1 and len(written) > DESCRIPTION_LINES else ""
        yield Line("Notes" if number == 0 else "", line + more, Tone.MUTED)

"""Disks, updates, certificates and the rest of a node, out of rows that may be wrong in any way."""

from __future__ import annotations

import re

from proxtui.errors import InvalidInput
from proxtui.pve.fields import Row, plain_number
from proxtui.pve.models_node import (
    DiskSmart,
    NodeCertificate,
    NodeDisk,
    NodeDns,
    NodeSubscription,
    NodeTime,
    NodeUpdate,
    SmartAttribute,
)

_DEVICE = re.compile(r"/dev/[A-Za-z0-9/]+")


def check_device(disk: str) -> str:
    """The path of a disk as PVE takes it; ``InvalidInput`` otherwise."""
    if not _DEVICE.fullmatch(disk):
        raise InvalidInput("disk", disk, "a device such as /dev/sda")
    return disk


def disk_of(row: Row) -> NodeDisk | None:
    """A disk of ``/nodes/{node}/disks/list``."""
    devpath = row.text("devpath")
    if devpath is None:
        return None
    return NodeDisk(
        devpath=devpath,
        type=_known(row, "type"),
        model=_known(row, "model"),
        vendor=_known(row, "vendor"),
        serial=_known(row, "serial"),
        wwn=_known(row, "wwn"),
        size=row.integer("size"),
        used=row.text("used"),
        health=_known(row, "health"),
        # "N/A" where the disk does not tell.
        wearout=row.number("wearout"),
        # -1 where the disk does not tell, 0 for what does not turn.
        rpm=row.integer("rpm") or None,
        gpt=row.flag("gpt"),
        mounted=row.flag("mounted"),
        # -1 where there is none.
        osd=row.integer("osdid"),
    )


def smart_of(row: Row, disk: str) -> DiskSmart:
    """``/nodes/{node}/disks/smart``."""
    found = (_attribute(Row(item)) for item in row.items("attributes") if isinstance(item, dict))
    return DiskSmart(
        disk=disk,
        health=_known(row, "health"),
        type=row.text("type"),
        attributes=tuple(attribute for attribute in found if attribute is not None),
        text=row.prose("text"),
        wearout=row.number("wearout"),
    )


def _attribute(row: Row) -> SmartAttribute | None:
    name = row.text("name")
    if name is None:
        return None
    return SmartAttribute(
        # Padded with blanks.
        id=_padded(row, "id"),
        name=name,
        value=_padded(row, "value"),
        worst=_padded(row, "worst"),
        threshold=_padded(row, "threshold"),
        raw=row.text("raw"),
        flags=row.text("flags"),
        fail=row.text("fail"),
    )


def update_of(row: Row) -> NodeUpdate | None:
    """A package of ``/nodes/{node}/apt/update``."""
    package = row.text("Package")
    if package is None:
        return None
    return NodeUpdate(
        package=package,
        version=row.text("Version"),
        old_version=row.text("OldVersion"),
        title=row.text("Title"),
        origin=row.text("Origin"),
        section=row.text("Section"),
        priority=row.text("Priority"),
        arch=row.text("Arch"),
        description=row.prose("Description"),
    )


def certificate_of(row: Row) -> NodeCertificate | None:
    """A certificate of ``/nodes/{node}/certificates/info``; its PEM is left there."""
    filename = row.text("filename")
    if filename is None:
        return None
    return NodeCertificate(
        filename=filename,
        subject=row.text("subject"),
        issuer=row.text("issuer"),
        fingerprint=row.text("fingerprint"),
        notbefore=row.integer("notbefore"),
        notafter=row.integer("notafter"),
        san=row.strings("san"),
        key_type=row.text("public-key-type"),
        key_bits=row.integer("public-key-bits"),
    )


def subscription_of(row: Row) -> NodeSubscription:
    """``/nodes/{node}/subscription``."""
    return NodeSubscription(
        status=row.text("status"),
        level=row.text("level"),
        productname=row.text("productname"),
        nextduedate=row.text("nextduedate"),
        regdate=row.text("regdate"),
        checktime=row.moment("checktime"),
        sockets=row.integer("sockets"),
        message=row.prose("message"),
    )


def dns_of(row: Row) -> NodeDns:
    """``{"search": "example.test", "dns1": "10.0.0.53"}``."""
    servers = (row.text(key) for key in ("dns1", "dns2", "dns3"))
    return NodeDns(search=row.text("search"), servers=tuple(server for server in servers if server is not None))


def time_of(row: Row) -> NodeTime:
    """``{"time": 1795305422, "localtime": 1795305422, "timezone": "Etc/UTC"}``."""
    return NodeTime(time=row.integer("time"), localtime=row.integer("localtime"), timezone=row.text("timezone"))


def _known(row: Row, key: str) -> str | None:
    text = row.text(key)
    return None if text is None or text.lower() == "unknown" else text


def _padded(row: Row, key: str) -> int | None:
    number = plain_number((row.text(key) or "").strip())
    return None if number is None else int(number)

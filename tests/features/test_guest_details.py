"""The configuration summary, from what real servers answer."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.rows import UNKNOWN
from proxtui.features.guests.details import config_lines, cpu_text, is_on, memory_text, properties

VM = {
    "boot": "order=scsi0;net0",
    "cores": 1,
    "ostype": "l26",
    "scsihw": "virtio-scsi-single",
    "tags": "prod;web",
    "parent": "snap1",
    "digest": "4b28b181e3a6d76f54a867bc24c84f61625c0d24",
    "name": "web1",
    "scsi0": "local:100/vm-100-disk-0.qcow2,size=1G",
    "scsi10": "local:100/vm-100-disk-2.qcow2,size=3G",
    "scsi2": "local:100/vm-100-disk-1.qcow2,size=2G",
    "ide2": "none,media=cdrom",
    "description": "first vm",
    "net0": "virtio=BC:24:11:FF:AA:9F,bridge=vmbr0,tag=7",
    "memory": "64",
    "agent": "enabled=1,fstrim_cloned_disks=1",
}
CONTAINER = {
    "net0": "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:CD:AF:0B,ip=manual,type=veth",
    "hostname": "ct1",
    "rootfs": "local:200/vm-200-disk-0.raw,size=1G",
    "mp0": "tank:subvol-200-disk-1,mp=/srv,size=20G",
    "memory": 64,
    "ostype": "unmanaged",
    "swap": 512,
    "unprivileged": 1,
}


def summary(kind: str, config: dict[str, Any]) -> dict[str, str]:
    return {line.label: line.text for line in config_lines(kind, config)}


def test_a_vm() -> None:
    assert summary("qemu", VM) == {
        "CPU": "1 core",
        "Memory": "64 MiB",
        "ide2": "none  CD",
        "scsi0": "local:100/vm-100-disk-0.qcow2  1G",
        "scsi2": "local:100/vm-100-disk-1.qcow2  2G",
        "scsi10": "local:100/vm-100-disk-2.qcow2  3G",
        "net0": "vmbr0  virtio  BC:24:11:FF:AA:9F  VLAN 7",
        "System": "l26",
        "Boot": "scsi0, net0",
        "On boot": "stays off",
        "Agent": "on",
        "Tags": "prod web",
        "Notes": "first vm",
    }
    labels = list(summary("qemu", VM))
    assert labels.index("scsi2") < labels.index("scsi10")


def test_a_container() -> None:
    assert summary("lxc", CONTAINER) == {
        "CPU": "no limit",
        "Memory": "64 MiB, swap 512 MiB",
        "rootfs": "local:200/vm-200-disk-0.raw  1G",
        "mp0": "tank:subvol-200-disk-1  20G  /srv",
        "net0": "vmbr0  eth0  BC:24:11:CD:AF:0B  IP manual",
        "System": "unmanaged",
        "On boot": "stays off",
        "Rights": "unprivileged",
    }


def test_a_configuration_of_which_nothing_is_known_does_not_break_it() -> None:
    assert summary("qemu", {})["Memory"] == UNKNOWN
    assert summary("lxc", {"memory": "much", "net0": "", "rootfs": "", "boot": ""})["net0"] == "no bridge"


@pytest.mark.parametrize(
    ("value", "on"),
    [(1, True), ("1", True), ("enabled=1,type=virtio", True), ("0", False), ("enabled=0", False), ("1,fstrim=1", True)],
)
def test_compound_switches_are_read(value: object, on: bool) -> None:
    assert is_on(value) is on


def test_numbers_of_cores_and_memory() -> None:
    assert cpu_text("qemu", {"cores": 4, "sockets": 2, "cpu": "host,flags=+aes"}) == "2 × 4 cores, host"
    assert cpu_text("qemu", {"cores": 2, "cpu": "cputype=kvm64", "cpulimit": "1.5"}) == "2 cores, kvm64, limit 1.5"
    assert cpu_text("lxc", {"cores": 1, "cpulimit": 0}) == "1 core"
    assert memory_text({"memory": "current=4096", "balloon": 1024}) == "4 GiB, balloon from 1 GiB"
    assert memory_text({"memory": 2048, "balloon": 0}) == "2 GiB"


def test_a_long_description_is_cut_with_a_sign() -> None:
    lines = [
        line for line in config_lines("qemu", {"description": "\n\n".join("abcdefg")}) if line.label in ("Notes", "")
    ]
    assert [line.text for line in lines] == ["a", "b", "c", "d …"]


def test_property_strings_with_an_equals_sign_in_the_value() -> None:
    assert properties("tank:x,args=a=b") == {"": "tank:x", "args": "a=b"}

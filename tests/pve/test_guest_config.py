from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.pve.guest_config import disks_of, nics_of, size_of

VM = {
    "scsi10": "ceph:vm-100-disk-1,size=2T,ssd=1,backup=0",
    "scsi2": "local-lvm:vm-100-disk-0,iothread=1,size=32G",
    "ide2": "none,media=cdrom",
    "sata0": "local:iso/debian.iso,media=cdrom,size=528K",
    "virtio0": "/dev/disk/by-id/x,size=1G",
    "unused0": "local:100/vm-100-disk-9.raw",
    "efidisk0": "file=local:100/vm-100-disk-2.qcow2,efitype=4m,size=4M",
    "scsihw": "virtio-scsi-single",
    "boot": "order=scsi2",
    "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=30,firewall=1,rate=100,queues=4",
    "net1": "model=e1000,macaddr=BC:24:11:00:00:02,bridge=vmbr1,link_down=1",
    "net2": "e1000",
    "net10": 5,
}
CT = {
    "mp0": "tank:subvol-200-disk-1,mp=/srv,size=8G,backup=1",
    "mp1": "/mnt/host,mp=/mnt",
    "rootfs": "local:200/vm-200-disk-0.raw,size=1.5G",
    "net0": "name=eth0,bridge=vmbr0,gw=10.0.0.1,hwaddr=BC:24:11:00:00:03,ip=10.0.0.5/24,ip6=auto,type=veth",
}


def test_disks_of_a_vm() -> None:
    disks = {disk.key: disk for disk in disks_of(VM)}
    assert list(disks) == ["efidisk0", "ide2", "sata0", "scsi2", "scsi10", "virtio0", "unused0"]
    scsi2, scsi10 = disks["scsi2"], disks["scsi10"]
    assert (scsi2.storage, scsi2.size, scsi2.backup) == ("local-lvm", 32 * 1024**3, None)
    assert dict(scsi2.options) == {"iothread": "1"}
    assert (scsi10.size, scsi10.backup, dict(scsi10.options)) == (2 * 1024**4, False, {"ssd": "1"})
    assert (disks["ide2"].volume, disks["ide2"].storage, disks["ide2"].media, disks["ide2"].size) == (
        None, None, "cdrom", None
    )  # fmt: skip
    assert (disks["sata0"].volume, disks["sata0"].media, disks["sata0"].size) == (
        "local:iso/debian.iso",
        "cdrom",
        528 * 1024,
    )
    assert (disks["virtio0"].volume, disks["virtio0"].storage) == ("/dev/disk/by-id/x", None)
    assert (disks["efidisk0"].storage, disks["efidisk0"].size) == ("local", 4 * 1024**2)
    assert disks["unused0"].size is None


def test_mount_points_of_a_container() -> None:
    root, srv, host = disks_of(CT)
    assert (root.key, root.mountpoint, root.size, root.storage) == ("rootfs", "/", int(1.5 * 1024**3), "local")
    assert (srv.key, srv.mountpoint, srv.backup, srv.storage) == ("mp0", "/srv", True, "tank")
    assert (host.volume, host.mountpoint, host.storage, host.backup) == ("/mnt/host", "/mnt", None, None)


def test_interfaces_of_a_vm() -> None:
    first, second, third = nics_of(VM)
    assert (first.model, first.mac, first.bridge, first.vlan) == ("virtio", "BC:24:11:00:00:01", "vmbr0", 30)
    assert (first.firewall, first.is_down, first.rate, dict(first.options)) == (True, False, "100", {"queues": "4"})
    assert (second.model, second.mac, second.is_down, second.vlan) == ("e1000", "BC:24:11:00:00:02", True, None)
    assert (third.model, third.mac, third.bridge) == ("e1000", None, None)


def test_interfaces_of_a_container() -> None:
    (nic,) = nics_of(CT)
    assert (nic.name, nic.model, nic.mac, nic.bridge) == ("eth0", "veth", "BC:24:11:00:00:03", "vmbr0")
    assert (nic.ip, nic.ip6, nic.gateway, nic.gateway6) == ("10.0.0.5/24", "auto", "10.0.0.1", None)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("2K", 2048),
        ("1.5M", 1572864),
        ("", None),
        ("big", None),
        ("-1G", None),
        ("9" * 20, None),
        ("1P", None),
    ],
)
def test_sizes(text: str, size: int | None) -> None:
    assert size_of(text) == size


@given(st.dictionaries(st.sampled_from(["scsi0", "rootfs", "mp0", "net0", "net1", "unused3"]), st.text() | st.none()))
def test_any_configuration_is_read(config: dict[str, str | None]) -> None:
    assert len(disks_of(dict(config))) + len(nics_of(dict(config))) == sum(
        1 for value in config.values() if value is not None
    )

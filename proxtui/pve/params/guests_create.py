"""New guests: what they are made of."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field

from proxtui.pve.params.base import (
    Form,
    HostName,
    NodeName,
    Params,
    Password,
    Prose,
    StorageName,
    Text,
    Vmid,
    Whole,
    obeys,
)
from proxtui.pve.params.lists import PoolId
from proxtui.pve.params.words import Blank, Plain, Tags, Volume, matching

_SPACE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})?|[A-Za-z][A-Za-z0-9._-]*:[^\s]+")
_NET = re.compile(r"[A-Za-z0-9]+(?:=[^,=\s]+)?(?:,[a-z0-9_]+=[^,=\s]+)*")
_MACHINE = re.compile(r"(?:pc|q35|virt)(?:[A-Za-z0-9.+_-]*)(?:,[a-z0-9-]+=[a-z0-9]+)*")
_CPU = re.compile(r"[A-Za-z0-9._=-]+(?:,[a-z-]+=[A-Za-z0-9._;+-]+)*")
_IPCONFIG = re.compile(r"(?:ip6?|gw6?)=[0-9A-Za-z.:/]+(?:,(?:ip6?|gw6?)=[0-9A-Za-z.:/]+)*")
_FEATURES = re.compile(r"[a-z_]+=[a-z0-9;]+(?:,[a-z_]+=[a-z0-9;]+)*")

Space = Annotated[str, Plain, matching(_SPACE, "GiB, or a whole entry as PVE spells it: STORAGE:GiB,option=value")]
Net = Annotated[str, matching(_NET, "a card as PVE spells it: virtio,bridge=vmbr0 or name=eth0,bridge=vmbr0,ip=dhcp")]
Servers = Annotated[str, obeys(lambda text: bool(text) and text.isprintable(), "addresses, a space between")]
OsType = Literal[
    "l26", "l24", "win11", "win10", "win8", "win7", "wvista", "wxp", "w2k8", "w2k3", "w2k", "solaris", "other"
]
CtOsType = Literal[
    "debian", "devuan", "ubuntu", "centos", "fedora", "opensuse", "archlinux", "alpine", "gentoo", "nixos", "unmanaged"
]


class _NewGuest(Params):
    """What VMs and containers have in common."""

    node: NodeName = Field(title="Node", description="The node that the guest is made on.", exclude=True)
    vmid: Annotated[Vmid | None, Blank] = Field(
        None, title="VMID", description="100 to 999999999; empty for the next free one."
    )
    cores: Annotated[Whole, Field(ge=1, le=128)] = Field(1, title="Cores", description="CPU cores, of each socket.")
    memory: Annotated[Whole, Field(ge=16, le=8_388_608)] = Field(512, title="Memory", description="RAM in MiB.")
    storage: StorageName = Field("local-lvm", title="Storage", description="Where its disks are put.", exclude=True)
    net0: Annotated[Net | None, Blank] = Field(
        None, title="Network", description="The first network card, as PVE spells it: virtio,bridge=vmbr0."
    )
    nameserver: Annotated[Servers | None, Blank] = Field(
        None, title="DNS servers", description="Addresses, a space between; empty for those of the node."
    )
    searchdomain: Annotated[HostName | None, Blank] = Field(
        None, title="DNS domain", description="Searched for short names; empty for that of the node."
    )
    start: bool = Field(False, title="Start", description="Start it once it is made.")
    onboot: bool = Field(False, title="Start at boot", description="Start it whenever the node starts.")
    tags: Tags = Field([], title="Tags", description="Words to find it by.", exclude=True)
    pool: Annotated[PoolId | None, Blank] = Field(None, title="Pool", description="The pool that it joins.")
    description: Annotated[Prose | None, Blank] = Field(None, title="Notes", description="Shown beside the guest.")

    def _space(self, size: str) -> str:
        return size if ":" in size else f"{self.storage}:{size}"

    def _common(self, kind: str) -> Form:
        form = super().form(kind)
        return {**form, "tags": ";".join(self.tags)} if self.tags else form


class VMCreateParams(_NewGuest):
    """A new VM: ``POST /nodes/{node}/qemu``.

    A size becomes ``scsi0`` on ``storage``, the ISO ``ide2``. Any word for cloud-init adds its drive at ``ide0``;
    ``ovmf`` adds the disk that keeps the variables of EFI.
    """

    name: Annotated[HostName | None, Blank] = Field(None, title="Name", description="A DNS name.")
    disk: Annotated[Space | None, Blank] = Field(
        None, title="Disk", description="Size in GiB, or a whole entry as PVE spells it.", exclude=True
    )
    ostype: OsType = Field("l26", title="System", description="What runs in it; l26 is Linux.")
    iso: Annotated[Volume | None, Blank] = Field(
        None, title="ISO image", description="Put into its CD drive: local:iso/FILE.", exclude=True
    )
    sockets: Annotated[Whole, Field(ge=1, le=16)] = Field(1, title="Sockets", description="CPU sockets.")
    cpu: Annotated[Annotated[str, matching(_CPU, "a CPU type: x86-64-v2-AES, host")] | None, Blank] = Field(
        None, title="CPU type", description="Empty for PVE's default."
    )
    machine: Annotated[Annotated[str, matching(_MACHINE, "a machine: q35, pc")] | None, Blank] = Field(
        None, title="Machine", description="q35 or pc; empty for PVE's default."
    )
    bios: Literal["seabios", "ovmf"] | None = Field(None, title="BIOS", description="ovmf is UEFI.")
    scsihw: Literal["virtio-scsi-single", "virtio-scsi-pci", "lsi", "lsi53c810", "megasas", "pvscsi"] | None = Field(
        None, title="SCSI controller", description="Empty for PVE's default."
    )
    tpm: bool = Field(False, title="TPM", description="Add a TPM 2.0; Windows 11 wants one.", exclude=True)
    agent: bool = Field(False, title="Guest agent", description="The QEMU guest agent runs in it.", exclude=True)
    ciuser: Annotated[Text | None, Blank] = Field(
        None, title="Cloud-init user", description="The user that cloud-init makes."
    )
    cipassword: Annotated[Password | None, Blank] = Field(
        None, title="Cloud-init password", description="Of that user; SSH keys are better."
    )
    sshkeys: Annotated[Prose | None, Blank] = Field(
        None, title="SSH keys", description="Public keys of that user, one a line.", exclude=True
    )
    ipconfig0: Annotated[Annotated[str, matching(_IPCONFIG, "ip=ADDRESS/BITS,gw=ADDRESS or ip=dhcp")] | None, Blank] = (
        Field(None, title="Address", description="Of the first card, set by cloud-init: ip=dhcp.")
    )

    def form(self, kind: str = "qemu") -> Form:
        form = self._common(kind)
        if self.disk is not None:
            form["scsi0"] = self._space(self.disk)
        if self.iso is not None:
            form["ide2"] = f"{self.iso},media=cdrom"
        if self.bios == "ovmf":
            form["efidisk0"] = f"{self.storage}:1,efitype=4m"
        if self.tpm:
            form["tpmstate0"] = f"{self.storage}:1,version=v2.0"
        if self.agent:
            form["agent"] = "1"
        if self.sshkeys is not None:
            # PVE keeps them percent-encoded, and takes them no other way.
            form["sshkeys"] = quote(self.sshkeys.strip(), safe="")
        if any((self.ciuser, self.cipassword, self.sshkeys, self.ipconfig0)):
            form["ide0"] = f"{self.storage}:cloudinit"
        return form


class ContainerCreateParams(_NewGuest):
    """A new container: ``POST /nodes/{node}/lxc``."""

    ostemplate: Volume = Field(title="Template", description="What it is made from: local:vztmpl/FILE.")
    hostname: Annotated[HostName | None, Blank] = Field(None, title="Host name", description="A DNS name.")
    password: Annotated[Annotated[Password, Field(min_length=5)] | None, Blank] = Field(
        None, title="Password", description="Of root inside; at least 5 characters."
    )
    ssh_public_keys: Annotated[Prose | None, Blank] = Field(
        None, title="SSH keys", description="Public keys of root inside, one a line."
    )
    rootfs: Space = Field("8", title="Root disk", description="Size in GiB.", exclude=True)
    swap: Annotated[Whole, Field(ge=0, le=8_388_608)] = Field(512, title="Swap", description="In MiB.")
    unprivileged: bool = Field(True, title="Unprivileged", description="Its root is nobody on the node: the safe way.")
    features: Annotated[Annotated[str, matching(_FEATURES, "nesting=1,keyctl=1")] | None, Blank] = Field(
        None, title="Features", description="As PVE spells them: nesting=1."
    )
    ostype: CtOsType | None = Field(None, title="System", description="Empty: PVE looks into the template.")

    def form(self, kind: str = "lxc") -> Form:
        return {**self._common(kind), "rootfs": self._space(self.rootfs)}

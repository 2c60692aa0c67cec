"""``/nodes/{node}``: what one node says of itself."""

from __future__ import annotations

import hashlib

from proxtui.sim.api import Answer, Call
from proxtui.sim.physics import wave_at
from proxtui.sim.views import Row, node_load, node_root

FLAGS = (
    "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht syscall nx "
    "pdpe1gb rdtscp lm constant_tsc pni pclmulqdq ssse3 fma cx16 sse4_1 sse4_2 x2apic movbe popcnt aes xsave avx f16c "
    "rdrand hypervisor lahf_lm svm abm sse4a misalignsse 3dnowprefetch bmi1 avx2 bmi2 rdseed adx clflushopt sha_ni"
)
KERNELS = {"8": "6.8.12-15-pve", "9": "6.17.4-1-pve"}
SERVICES = (
    "chrony",
    "corosync",
    "cron",
    "ksmtuned",
    "postfix",
    "pve-cluster",
    "pve-firewall",
    "pve-ha-crm",
    "pve-ha-lrm",
    "pvedaemon",
    "pvefw-logger",
    "pveproxy",
    "pvescheduler",
    "pvestatd",
    "spiceproxy",
    "sshd",
    "syslog",
    "systemd-journald",
    "systemd-timesyncd",
)
ABSENT = {"ksmtuned", "syslog", "systemd-timesyncd"}


def status(call: Call) -> Row:
    """``/nodes/N/status``: the truth of this moment."""
    site, node = call.site, call.node
    cpu, mem = node_load(site, node, call.now)
    kernel = KERNELS[site.version[0]]
    build = "#1 SMP PREEMPT_DYNAMIC PMX"
    used = node_root(node)
    free = node.rootfs - used
    memory: Row = {"total": node.maxmem, "used": mem, "free": node.maxmem - mem}
    cpuinfo: Row = {
        "cpus": node.cpus,
        "cores": node.cpus // node.sockets // 2 or 1,
        "sockets": node.sockets,
        "model": node.model,
        "mhz": node.mhz,
        "user_hz": 100,
        "hvm": "1",
        "flags": FLAGS,
    }
    if site.modern:
        memory["available"] = node.maxmem - int(mem * 0.9)
        cpuinfo |= {"vendor": "AuthenticAMD" if "AMD" in node.model else "GenuineIntel", "family": "25"}
    return {
        "uptime": int(call.now - node.booted),
        "cpu": cpu,
        "wait": 0.002 + 0.004 * (1 + wave_at(call.now)),
        "idle": 0,
        "loadavg": [f"{cpu * node.cpus * factor:.2f}" for factor in (1.02, 0.97, 0.94)],
        "memory": memory,
        "swap": {"total": 8 * 1024**3, "used": 0, "free": 8 * 1024**3},
        "rootfs": {"total": node.rootfs, "used": used, "free": free, "avail": int(free * 0.95)},
        "ksm": {"shared": 0},
        "pveversion": f"pve-manager/{site.version}/{site.repoid}",
        "kversion": f"Linux {kernel} {build}",
        "current-kernel": {"sysname": "Linux", "release": kernel, "version": build, "machine": "x86_64"},
        "boot-info": {"mode": "efi", "secureboot": 0},
        "cpuinfo": cpuinfo,
    }


def network(call: Call) -> list[Row]:
    node = call.node
    gateway = node.ip.rsplit(".", 1)[0] + ".1"
    ports = [
        {
            "iface": name,
            "type": "eth",
            "method": "manual",
            "method6": "manual",
            "families": ["inet"],
            "priority": priority,
            "active": 1,
        }
        for priority, name in ((3, "eno1"), (4, "eno2"))
    ]
    bridge = {
        "iface": "vmbr0",
        "type": "bridge",
        "method": "static",
        "method6": "manual",
        "families": ["inet"],
        "priority": 5,
        "active": 1,
        "autostart": 1,
        "address": node.ip,
        "netmask": "24",
        "cidr": f"{node.ip}/24",
        "gateway": gateway,
        "bridge_ports": "eno1",
        "bridge_stp": "off",
        "bridge_fd": "0",
    }
    wanted = call.params.get("type")
    return [row for row in [*ports, bridge] if wanted in (None, row["type"])]


def services(call: Call) -> list[Row]:
    rows = []
    for name in SERVICES:
        gone = name in ABSENT or (name == "corosync" and not call.site.cluster)
        rows.append(
            {
                "service": name,
                "name": name,
                "desc": name,
                "state": "dead" if gone else "running",
                "active-state": "inactive" if gone else "active",
                "unit-state": "not-found" if gone else "enabled",
            }
        )
    return rows


def subscription(call: Call) -> Row:
    return {
        "status": "notfound",
        "message": "There is no subscription key",
        "serverid": hashlib.sha256(call.node.name.encode()).hexdigest()[:32].upper(),
        "url": "https://www.proxmox.com/en/proxmox-virtual-environment/pricing",
    }


def dns(call: Call) -> Row:
    return {"search": "example.test", "dns1": call.node.ip.rsplit(".", 1)[0] + ".53"}


def time(call: Call) -> Row:
    return {"timezone": "Etc/UTC", "time": int(call.now), "localtime": int(call.now)}


def hosts(call: Call) -> Row:
    lines = ["127.0.0.1 localhost"]
    lines += [f"{node.ip} {node.name}.example.test {node.name}" for node in call.site.nodes.values()]
    data = "\n".join(lines) + "\n"
    return {"data": data, "digest": hashlib.sha1(data.encode(), usedforsecurity=False).hexdigest()}


def disks(call: Call) -> list[Row]:
    return [
        {
            "devpath": f"/dev/nvme{index}n1",
            "model": "SAMSUNG MZQL23T8HCLS-00A07",
            "serial": f"S64HNE0T{call.node.nodeid:02d}{index:04d}",
            "vendor": "unknown",
            "type": "nvme",
            "size": 3_840_755_982_336,
            "used": "ZFS" if index else "BIOS boot",
            "health": "PASSED",
            "wearout": 98 - index,
            "wwn": f"eui.36344830{call.node.nodeid:04d}{index:04d}",
            "gpt": 1,
            "mounted": 0,
            "rpm": 0,
            "osdid": -1,
            "osdid-list": None,
        }
        for index in range(3)
    ]


BELOW = "disks dns hosts lxc network qemu rrddata services status storage subscription tasks time version"


def index(call: Call) -> Answer:
    return Answer([{"name": name} for name in BELOW.split(" ")])

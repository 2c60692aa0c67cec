"""``/nodes/{node}``: what one node says of itself."""

from __future__ import annotations

import hashlib
import time as calendar

from proxtui.sim.api import Answer, Call, invalid
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
        broken = name == "postfix" and call.node.sick_disk
        state = ("failed", "failed") if broken else ("dead", "inactive") if gone else ("running", "active")
        if name in call.node.services:
            now = call.node.services[name]
            state = (now, "active" if now == "running" else "inactive")
        rows.append(
            {
                "service": name,
                "name": name,
                "desc": name,
                "state": state[0],
                "active-state": state[1],
                "unit-state": "not-found" if gone else "enabled",
            }
        )
    return rows


def service(call: Call) -> Row:
    """``services/NAME/state``."""
    for row in services(call):
        if row["service"] == call.path["service"]:
            return row
    raise invalid("service", f"value '{call.path['service']}' does not have a value in the enumeration")


def subscription(call: Call) -> Row:
    """Some customers have paid, some have not."""
    server = hashlib.sha256(call.node.name.encode()).hexdigest()[:32].upper()
    row: Row = {"serverid": server, "url": "https://www.proxmox.com/en/proxmox-virtual-environment/pricing"}
    if len(call.site.guests) < 100:
        return row | {"status": "notfound", "message": "There is no subscription key"}
    due = calendar.strftime("%Y-%m-%d", calendar.gmtime(call.site.world.born + 140 * 86400))
    return row | {
        "status": "active",
        "message": "",
        "key": f"pve2b-{server[:10].lower()}",
        "level": "b",
        "productname": f"Proxmox VE Basic Subscription {call.node.sockets} CPUs/year",
        "sockets": call.node.sockets,
        "checktime": int(call.now) // 86400 * 86400,
        "regdate": "2024-04-11 00:00:00",
        "nextduedate": due,
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


def config(_call: Call) -> Row:
    return {}


BELOW = (
    "apt certificates config disks dns firewall hosts journal lxc netstat network qemu replication rrddata services "
    "status storage subscription syslog tasks time version vzdump"
)


def index(call: Call) -> Answer:
    return Answer([{"name": name} for name in BELOW.split(" ")])

"""Who lives in the simulated clusters: kinds of guests, and the customers that have them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of guest: its size, its tags, how it behaves."""

    name: str
    kind: str
    cores: int
    memory: float
    """GiB"""
    disk: int
    """GiB"""
    tags: tuple[str, ...]
    cpu: float
    mem: float
    daily: float = 0.4
    bursts: float = 0.06
    traffic: float = 1.0
    ostype: str = "l26"
    agent: bool = True


WEB = Role("web", "qemu", 4, 8, 40, ("web",), 0.22, 0.55, 0.7, 0.05, 8.0)
APP = Role("app", "qemu", 4, 16, 60, ("app",), 0.28, 0.62, 0.6, 0.08, 3.0)
DB = Role("db", "qemu", 8, 32, 200, ("db", "critical"), 0.18, 0.82, 0.5, 0.06, 4.0)
CACHE = Role("cache", "lxc", 2, 8, 16, ("cache",), 0.08, 0.7, 0.5, 0.02, 5.0, "debian")
PROXY = Role("proxy", "lxc", 2, 2, 8, ("web", "edge"), 0.06, 0.3, 0.7, 0.02, 12.0, "alpine")
MAIL = Role("mail", "qemu", 4, 8, 120, ("mail",), 0.1, 0.6, 0.5, 0.05, 2.0)
DNS = Role("dns", "lxc", 1, 0.5, 4, ("dns", "infra"), 0.01, 0.35, 0.3, 0.01, 0.3, "debian")
VPN = Role("vpn", "lxc", 1, 1, 4, ("edge", "infra"), 0.03, 0.25, 0.6, 0.02, 4.0, "debian")
GIT = Role("git", "qemu", 4, 12, 150, ("dev",), 0.12, 0.6, 0.7, 0.06, 2.0)
RUNNER = Role("runner", "qemu", 8, 16, 80, ("dev", "ci"), 0.15, 0.4, 0.6, 0.3, 2.0)
MONITOR = Role("mon", "qemu", 2, 8, 100, ("infra",), 0.15, 0.65, 0.1, 0.02, 3.0)
LOGS = Role("logs", "lxc", 4, 16, 250, ("infra",), 0.25, 0.75, 0.4, 0.05, 6.0, "ubuntu")
FILES = Role("files", "lxc", 2, 4, 400, ("storage",), 0.05, 0.5, 0.6, 0.03, 6.0, "debian")
K8S = Role("k8s", "qemu", 8, 32, 100, ("k8s",), 0.35, 0.68, 0.4, 0.1, 5.0)
QUEUE = Role("mq", "lxc", 2, 4, 20, ("app",), 0.1, 0.45, 0.5, 0.04, 3.0, "debian")
DOMAIN = Role("dc", "qemu", 2, 8, 60, ("windows", "infra"), 0.05, 0.5, 0.3, 0.02, 1.0, "win11")
DESKTOP = Role("rdp", "qemu", 6, 24, 120, ("windows",), 0.2, 0.6, 0.9, 0.08, 2.0, "win11")
ERP = Role("erp", "qemu", 8, 48, 300, ("windows", "critical"), 0.2, 0.75, 0.8, 0.08, 2.0, "win11")
LIMS = Role("lims", "qemu", 4, 16, 120, ("lab", "critical"), 0.2, 0.6, 0.8, 0.06, 2.0)
PACS = Role("pacs", "qemu", 8, 32, 800, ("lab", "storage"), 0.15, 0.6, 0.7, 0.1, 10.0)
ANALYSER = Role("analyser", "qemu", 2, 4, 30, ("lab",), 0.12, 0.4, 0.8, 0.05, 0.5, "l26", False)
COMPUTE = Role("sim", "qemu", 16, 64, 200, ("compute",), 0.75, 0.7, 0.1, 0.3, 1.0)
CAMERA = Role("vision", "qemu", 8, 16, 120, ("line", "gpu"), 0.55, 0.6, 0.5, 0.1, 15.0)
PLC = Role("plc-gw", "lxc", 1, 1, 8, ("line",), 0.05, 0.4, 0.2, 0.02, 1.0, "alpine")
HISTORIAN = Role("historian", "qemu", 4, 16, 500, ("line", "db"), 0.2, 0.7, 0.3, 0.04, 4.0)
WIKI = Role("wiki", "lxc", 2, 2, 20, ("office",), 0.03, 0.5, 0.6, 0.02, 0.6, "debian")
STAGE = Role("test", "qemu", 2, 4, 30, (), 0.04, 0.35, 0.5, 0.05, 0.5)


@dataclass(frozen=True, slots=True)
class Project:
    """A customer's application, and the pool its guests are in."""

    name: str
    roles: tuple[Role, ...]
    stage: str = "prod"


@dataclass(frozen=True, slots=True)
class Customer:
    """A tenant: its name, its projects, what only it has."""

    slug: str
    name: str
    projects: tuple[Project, ...]


AURORA = Customer(
    "aurora",
    "Aurora Hosting",
    (
        Project("shop", (WEB, WEB, APP, DB, CACHE, PROXY, QUEUE)),
        Project("booking", (WEB, APP, DB, CACHE, PROXY)),
        Project("media", (WEB, WEB, APP, FILES, CACHE, PROXY)),
        Project("platform", (K8S, K8S, K8S, MONITOR, LOGS, DNS, VPN, MAIL)),
        Project("tools", (GIT, RUNNER, RUNNER, WIKI, DNS), "dev"),
        Project("preview", (WEB, APP, DB, STAGE, STAGE), "stage"),
    ),
)
MEDILAB = Customer(
    "medilab",
    "Medilab Diagnostics",
    (
        Project("lims", (LIMS, LIMS, DB, ANALYSER, ANALYSER, ANALYSER, QUEUE)),
        Project("imaging", (PACS, PACS, DB, WEB, FILES)),
        Project("office", (DOMAIN, DESKTOP, DESKTOP, ERP, MAIL, WIKI)),
        Project("portal", (WEB, APP, DB, PROXY, CACHE)),
        Project("ops", (MONITOR, LOGS, DNS, VPN, RUNNER), "dev"),
        Project("trial", (LIMS, DB, STAGE), "stage"),
    ),
)
KESTREL = Customer(
    "kestrel",
    "Kestrel Robotics",
    (
        Project("line1", (CAMERA, PLC, PLC, HISTORIAN, QUEUE)),
        Project("line2", (CAMERA, PLC, PLC, HISTORIAN)),
        Project("research", (COMPUTE, COMPUTE, GIT, RUNNER), "dev"),
        Project("site", (DOMAIN, DNS, VPN, MONITOR, FILES)),
    ),
)
LAB = Customer(
    "demo",
    "Demo Lab",
    (
        Project("shop", (WEB, WEB, APP, DB, CACHE, PROXY)),
        Project("infra", (DNS, VPN, MONITOR, LOGS, FILES)),
        Project("dev", (GIT, RUNNER, STAGE, WIKI), "dev"),
    ),
)
NORDLYS = Customer(
    "nordlys",
    "Nordlys Energy",
    (
        Project("grid", (HISTORIAN, HISTORIAN, DB, QUEUE, PLC, PLC, PLC)),
        Project("billing", (WEB, APP, DB, DB, CACHE, QUEUE)),
        Project("scada", (CAMERA, PLC, PLC, MONITOR, VPN, DOMAIN)),
        Project("office", (DOMAIN, DESKTOP, DESKTOP, MAIL, FILES)),
        Project("lab", (STAGE, STAGE, RUNNER, GIT), "dev"),
        Project("pilot", (WEB, APP, STAGE), "stage"),
    ),
)
CAMPUS = Customer(
    "campus",
    "Campus Computing",
    (
        Project("lectures", (WEB, APP, DB, FILES, PROXY)),
        Project("cluster", (COMPUTE, COMPUTE, COMPUTE, K8S, K8S)),
        Project("library", (WEB, DB, FILES, DNS)),
        Project("desks", (DESKTOP, DESKTOP, DESKTOP, DOMAIN)),
        Project("students", (STAGE, STAGE, STAGE, WIKI, RUNNER), "dev"),
        Project("courses", (STAGE, STAGE, WEB), "stage"),
    ),
)

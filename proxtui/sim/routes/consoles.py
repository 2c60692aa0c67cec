"""vncproxy, termproxy, vncshell, vncwebsocket, spiceproxy and sendkey."""

from __future__ import annotations

from typing import Any

from proxtui.sim.api import Answer, Call, Refused, failed
from proxtui.sim.consoles import keys, tickets
from proxtui.sim.consoles.desk import Desk, NoPort, Worker, desk_of
from proxtui.sim.state import Guest
from proxtui.sim.views import Row


def vncproxy(call: Call) -> Row:
    """A screen. The node that was asked listens, also for a guest of another node."""
    guest, desk = call.guest, desk_of(call.site)
    serial = guest.kind == "qemu" and str(guest.extra.get("vga", "")).startswith("serial")
    plain = serial and not call.params.get("websocket")
    wanted = bool(call.params.get("generate-password")) if desk.old else not plain
    worker = _open(call, desk, "vncproxy", guest, tickets.new_password() if wanted else None)
    return _row(call, worker) | _vnc(call, worker)


def vncshell(call: Call) -> Row:
    """The shell of a node, drawn."""
    _node_user(call)
    desk = desk_of(call.site)
    worker = _open(call, desk, "vncshell", None, None if desk.old else tickets.new_password())
    return _row(call, worker) | _vnc(call, worker)


def termproxy(call: Call) -> Row:
    """A terminal of a guest. Whether there is one shows only after the connection, as on the real thing."""
    guest = call.guest
    worker = _open(call, desk_of(call.site), "vncproxy", guest, None)
    worker.serial = call.params.get("serial")
    inside = f"/usr/sbin/qm terminal {guest.vmid} -escape 0"
    if worker.serial:
        inside += f" -iface {worker.serial}"
    if guest.kind == "lxc":
        name = f"/var/run/dtach/vzctlconsole{guest.vmid}"
        inside = f"/usr/bin/dtach -A {name} -r winch -z lxc-console -n {guest.vmid} -e -1"
    worker.command = _command(worker, "VM.Console", inside)
    return _row(call, worker)


def node_termproxy(call: Call) -> Row:
    """The shell of a node."""
    _node_user(call)
    worker = _open(call, desk_of(call.site), "vncshell", None, None)
    worker.command = _command(worker, "Sys.Console", "/bin/login" + (" -f root" if call.root else ""))
    return _row(call, worker)


def _command(worker: Worker, privilege: str, inside: str) -> str:
    flags = f"--path {worker.path} --perm {privilege} --vncticket-endpoint --verify-port --ticket-fd 6"
    return f"/usr/bin/termproxy {worker.port} {flags} -- {inside}"


def _node_user(call: Call) -> None:
    """Raise what stops the shell of a node."""
    if call.who.token is not None and not call.site.modern:
        raise failed(f"value '{call.who.name}' does not look like a valid user name")
    if call.params.get("cmd", "login") != "login" and not call.root:
        raise Refused(403, "Permission check failed (user != root@pam)")


def _path(call: Call) -> str:
    return f"/vms/{call.path['vmid']}" if "vmid" in call.path else f"/nodes/{call.path['node']}"


def _open(call: Call, desk: Desk, kind: str, guest: Guest | None, password: str | None) -> Worker:
    try:
        return desk.open(call.node, kind, guest, call.who.name, _path(call), password)
    except NoPort as error:
        raise failed("unable to find free port (5900-6000)") from error


def _row(call: Call, worker: Worker) -> Row:
    return {"user": worker.user, "ticket": worker.ticket, "port": str(worker.port), "upid": worker.task.upid}


def _vnc(call: Call, worker: Worker) -> Row:
    found = {"cert": call.site.entry.pem}
    return found | ({"password": worker.password} if worker.password else {})


def vncwebsocket(call: Call) -> Answer:
    """The other half; only the holder of the ticket gets further, at the server that gave it."""
    port = call.params["port"]
    if not tickets.good(call.site, call.params["vncticket"], call.who.name, _path(call), port, call.now):
        raise Refused(401, "permission denied - invalid PVEVNC ticket", slow=True)
    return Answer({"port": str(port)}, door=port)


def spiceproxy(call: Call) -> Row:
    """What ``remote-viewer`` would take; there is no SPICE server behind it."""
    guest = call.guest
    if not guest.running:
        raise failed(f"{'VM' if guest.kind == 'qemu' else 'CT'} {guest.vmid} not running")
    if guest.kind == "qemu" and not str(guest.extra.get("vga", "")).startswith("qxl"):
        raise failed("no spice port")
    return _spice(call, f"{'VM' if guest.kind == 'qemu' else 'CT'} {guest.vmid} - {guest.name}")


def _spice(call: Call, title: str) -> dict[str, Any]:
    node, site = call.node, call.site
    stamp = f"{int(call.now):08X}:{call.path['vmid']}:{node.name}:61000"
    return {
        "type": "spice",
        "title": title,
        "host": f"pvespiceproxy:{stamp}::{tickets.seal(site, stamp)[:40]}",
        "proxy": f"http://{call.params.get('proxy') or node.ip}:3128",
        "tls-port": 61_000,
        "host-subject": f"OU=PVE Cluster Node,O=Proxmox Virtual Environment,CN={node.name}.example.test",
        "ca": node.pem.replace("\n", "\\n"),
        "password": tickets.seal(site, f"spice:{stamp}")[:40],
        "delete-this-file": 1,
        "secure-attention": "Ctrl+Alt+Ins",
        "toggle-fullscreen": "Shift+F11",
        "release-cursor": "Ctrl+Alt+R",
    }


def sendkey(call: Call) -> None:
    """Keys by QEMU's names, held together: ``ctrl-alt-delete``."""
    call.root_only("skiplock")
    guest = call.guest
    if not guest.running:
        raise failed(f"VM {guest.vmid} not running")
    found = keys.keysyms(call.params["key"])
    if found is None:
        raise failed(f"invalid parameter: {call.params['key']}")
    scene = desk_of(call.site).scene(guest, call.now)
    for keysym in found:
        scene.key(keysym, True, call.now)
    for keysym in reversed(found):
        scene.key(keysym, False, call.now)

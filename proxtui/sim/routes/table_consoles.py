"""Endpoints of consoles."""

from __future__ import annotations

from proxtui.sim.api import Param, Route, need
from proxtui.sim.consoles.tickets import LONGEST
from proxtui.sim.routes import consoles
from proxtui.sim.routes.params import BOOL, GUEST, TEXT

NODE = "/nodes/{node}"
ON_GUEST, ON_NODE = need("/vms/{vmid}", "VM.Console"), need(NODE, "Sys.Console")
SIZE = {
    "width": Param("integer", minimum=16, maximum=4096, only="lxc"),
    "height": Param("integer", minimum=16, maximum=2160, only="lxc"),
}
NODE_SIZE = {
    "width": Param("integer", minimum=16, maximum=4096),
    "height": Param("integer", minimum=16, maximum=2160),
}
COMMAND = {"cmd": Param(choices=("ceph_install", "login", "upgrade")), "cmd-opts": TEXT}
SOCKET = {
    "port": Param("integer", minimum=5900, maximum=5999, required=True),
    "vncticket": Param(
        required=True, pattern=rf"[\s\S]{{0,{LONGEST}}}", format=f"value may only be {LONGEST} characters long"
    ),
}
SERIAL = {"serial": Param(choices=("serial0", "serial1", "serial2", "serial3"), only="qemu")}
VNC = {"websocket": BOOL, "generate-password": Param("boolean", only="qemu")} | SIZE
CONSOLES = (
    Route("POST", f"{GUEST}/vncproxy", consoles.vncproxy, VNC, ON_GUEST, daemon=True, on_node=False),
    Route("POST", f"{GUEST}/termproxy", consoles.termproxy, SERIAL, ON_GUEST, daemon=True, on_node=False),
    Route("POST", f"{GUEST}/spiceproxy", consoles.spiceproxy, {"proxy": TEXT}, ON_GUEST, daemon=True),
    Route("GET", f"{GUEST}/vncwebsocket", consoles.vncwebsocket, SOCKET, ON_GUEST, on_node=False),
    Route(
        "PUT",
        f"{NODE}/qemu/{{vmid}}/sendkey",
        consoles.sendkey,
        {"key": Param(required=True), "skiplock": BOOL},
        ON_GUEST,
        daemon=True,
    ),
    Route(
        "POST",
        f"{NODE}/vncshell",
        consoles.vncshell,
        COMMAND | NODE_SIZE | {"websocket": BOOL},
        ON_NODE,
        daemon=True,
        on_node=False,
    ),
    Route("POST", f"{NODE}/termproxy", consoles.node_termproxy, COMMAND, ON_NODE, daemon=True, on_node=False),
    Route("GET", f"{NODE}/vncwebsocket", consoles.vncwebsocket, SOCKET, ON_NODE, on_node=False),
)

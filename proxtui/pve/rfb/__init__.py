"""RFB, the protocol of VNC, as far as Proxmox VE's consoles speak it; knows no sockets and no PVE."""

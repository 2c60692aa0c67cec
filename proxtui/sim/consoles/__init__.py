"""Consoles as Proxmox VE has them: tickets, WebSockets, VNC screens and terminals, all made up but the wire."""

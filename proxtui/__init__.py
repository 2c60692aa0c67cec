"""proxtui: the terminal in which an operator runs a fleet of Proxmox VE clusters."""

__version__ = "0.1.0"

"""A Proxmox VE cluster in memory, served over real HTTPS: ``python -m proxtui.sim serve``.

It stands beside the product and is never imported by it: the demo starts it as a process of its own.
"""

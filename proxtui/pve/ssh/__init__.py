"""The way to a server through jump hosts: SSH channels bridged to sockets, and no listener that others could use."""

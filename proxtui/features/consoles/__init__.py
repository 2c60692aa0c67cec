"""Consoles: screens, terminals and shells of guests and nodes."""

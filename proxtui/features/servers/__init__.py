"""Servers: added, changed, trusted, merged, imported, asked whether they are well."""

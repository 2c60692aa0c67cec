"""Tenants: made, changed, switched off and on."""

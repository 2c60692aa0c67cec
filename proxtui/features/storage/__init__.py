"""The room of the storages."""

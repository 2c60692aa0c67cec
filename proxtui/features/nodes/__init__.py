"""The room of the nodes."""

"""The room of the second opinion: can a server be reached on each of its ways, and where does it break."""

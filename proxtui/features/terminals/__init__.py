"""The room of terminals: consoles and SSH shells in the terminal of the operator, and SPICE beside it."""

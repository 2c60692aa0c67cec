"""Settings of the installation and of each tenant."""

"""The room of the cluster tree: tenant, server, node, then guests and storages."""

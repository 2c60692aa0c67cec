"""Any request of PVE's API, for programs: allowed, recorded and sent as every other change."""

"""The room of the clusters: quorum, HA, replication, backup jobs, snapshots, pools, log, access."""

"""Networks, objectives and schedules of the published methods, one file each."""

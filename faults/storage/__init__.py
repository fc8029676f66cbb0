"""Faults of storage: power cuts, cards that lie, full and failing disks, old copies, wrong clocks, processes that are killed."""

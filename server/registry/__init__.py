"""Who and what there is: the centre, its sites, desks, services and kiosks, and what kiosks are told."""

"""Numbers for whoever watches over the server: what ingest does, and how the kiosks are, as Prometheus reads it."""

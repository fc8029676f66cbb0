"""The aggregation server: broker, ingest, ratings, web."""

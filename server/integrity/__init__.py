"""Proofs that what was taken in is still there, unchanged: chains of records, and a signed root for every day."""

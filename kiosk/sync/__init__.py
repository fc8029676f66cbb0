"""Delivery: from the vote log to the server, and settings from the server to the kiosk. The network lives here, no screen does."""

"""Faults of the network and of the protocol, done to the kiosk's real delivery, a real Mosquitto and the server's real ingest."""

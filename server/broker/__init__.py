"""Writes Mosquitto's configuration and credentials, and keeps one running. It knows no batch and no vote."""

"""Simulated devices, shipped: a kiosk can be tried on any desk. The screen says that they are simulated."""

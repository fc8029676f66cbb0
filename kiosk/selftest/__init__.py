"""`vidhuk-kiosk selftest`: a technician at a terminal is led from part to part while the kiosk stands still; what was found is kept."""

"""The product shown in one command: a centre that does not exist, on the real kiosk, broker, server and pages."""

"""The ways beside a kiosk by which people are heard: ticket boxes, the code on a slip."""

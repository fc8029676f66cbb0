"""What the kiosk says, and with whose voice. It knows screens, not how they look."""

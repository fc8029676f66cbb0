"""Every screen of the kiosk as a picture: ./run gallery."""

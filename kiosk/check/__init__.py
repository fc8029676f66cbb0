"""`vidhuk-kiosk check`: what this kiosk is made of and how each part is. It changes nothing, whether the kiosk runs or not."""

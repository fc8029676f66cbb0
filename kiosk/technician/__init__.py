"""The technician's menu: behind a hidden gesture and a PIN, and away from every visit."""

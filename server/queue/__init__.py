"""The link to the queue system: what it says of tickets, by file, by HTTP or by MQTT, and what is kept of it."""

"""The server's database: schema, migrations and engine, on SQLite or PostgreSQL."""

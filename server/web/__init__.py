"""Pages, API and sign-in for administrators. Reads the database; writes only accounts and sessions."""

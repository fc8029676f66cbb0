"""The audit log: who did what to what, when, and from which session. It is only added to, and holds nothing about visitors."""

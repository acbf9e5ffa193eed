"""Suites of attacks: a folder that a stranger wrote, a service that lies, and what of it is printed."""

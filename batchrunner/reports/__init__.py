"""What is told: history becomes a report, and a report becomes text. Pure."""

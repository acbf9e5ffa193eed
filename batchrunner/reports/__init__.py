"""Reports: history becomes a report, and a report becomes text. Pure."""

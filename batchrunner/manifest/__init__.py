"""Stages 1 to 3 of the journey: a YAML text becomes jobs, or every problem at once."""

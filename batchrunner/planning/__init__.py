"""What would be done with each job next, why, for how much, and what that replaces and sends."""

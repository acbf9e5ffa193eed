"""What the documentation says, and that it can be built."""

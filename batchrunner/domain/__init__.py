"""What the rest of the program talks about: frozen values, one concept a file, no effects."""

"""The things that the rest of the house talks about: frozen values, one concept a file, no effects."""

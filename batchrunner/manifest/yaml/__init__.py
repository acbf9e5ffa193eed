"""YAML: a text becomes nodes that know their line and column, or problems that do."""

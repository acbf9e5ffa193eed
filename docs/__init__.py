"""The documentation: Markdown that people write, and what makes a site of it."""

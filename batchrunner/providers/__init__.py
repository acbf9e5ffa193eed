"""The services that render clips, each in a folder of its own."""

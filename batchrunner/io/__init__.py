"""The world outside, one module a resource: network, files, media, clock."""

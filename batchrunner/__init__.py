"""batchrunner: many image-to-video jobs in one manifest, each paid for once, each verified."""

__version__ = "0.1.0"

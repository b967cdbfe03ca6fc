"""One check a file, each named after the mistake that it detects."""

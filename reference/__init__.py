"""The solutions that we are proud to show."""

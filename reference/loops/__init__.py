"""Training loops that a submission's weights are compared with: read as text, run in a jail of their own."""

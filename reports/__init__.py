"""One renderer a file: Result in, text out."""

"""Function-preserving restructuring of ONNX graphs that flattens the active-memory profile; usable alone."""

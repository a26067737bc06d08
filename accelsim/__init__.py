"""A discrete-event simulator of DNN accelerators, from an ONNX file to cycles, bytes and joules."""

"""Squeeze-and-excitation (Hu et al., arXiv:1709.01507): a gate for each channel, from the channels' averages."""

import onnx_ir as ir

from restructure.zoo.builder import Builder

__all__ = ["gate", "hard_gate", "silu"]


def silu(b: Builder, x: ir.Value) -> ir.Value:
    """Append x·sigmoid(x), two nodes as exporters write it."""
    return b.mul(x, b.activation("Sigmoid", x), f"{x.name}.silu")


def gate(b: Builder, x: ir.Value, squeezed: int, name: str) -> ir.Value:
    """Append a gate with SiLU inside and a sigmoid at its end (EfficientNet)."""
    y = silu(b, b.conv(b.global_average_pool(x, f"{name}.pool"), squeezed, 1, f"{name}.fc1"))
    y = b.activation("Sigmoid", b.conv(y, b.channels(x), 1, f"{name}.fc2"))
    return b.mul(y, x, f"{name}.scale")


def hard_gate(b: Builder, x: ir.Value, squeezed: int, name: str) -> ir.Value:
    """Append a gate with ReLU inside and a hard sigmoid at its end (MobileNetV3)."""
    y = b.relu(b.conv(b.global_average_pool(x, f"{name}.pool"), squeezed, 1, f"{name}.fc1"))
    y = b.activation("HardSigmoid", b.conv(y, b.channels(x), 1, f"{name}.fc2"), {"alpha": 1 / 6})
    return b.mul(y, x, f"{name}.scale")

"""ViT-Ti/16 (Touvron et al., arXiv:2012.12877, table 1; Dosovitskiy et al., arXiv:2010.11929), as timm exports it.

The attention is scaled on both sides of its product, GELU is spelled with Erf: that is how PyTorch writes opset 17.
"""

from math import sqrt

import onnx_ir as ir

from restructure.zoo.builder import Builder

__all__ = ["vit_tiny"]

_IMAGE, _PATCH, _WIDTH, _HEADS, _DEPTH = 224, 16, 192, 3, 12
_PATCHES = (_IMAGE // _PATCH) ** 2
_TOKENS = _PATCHES + 1
_HEAD = _WIDTH // _HEADS


def _norm(b: Builder, x: ir.Value, name: str) -> ir.Value:
    learned = [b.weight(f"{name}.weight", (_WIDTH,), "scale"), b.weight(f"{name}.bias", (_WIDTH,), "bias")]
    return b.emit("LayerNormalization", name, [x, *learned], _TOKENS, {"axis": -1, "epsilon": 1e-6})


def _linear(b: Builder, x: ir.Value, inputs: int, outputs: int, name: str) -> ir.Value:
    weights = b.weight(f"{name}.weight", (inputs, outputs), "linear")
    y = b.emit("MatMul", f"{name}.matmul", [x, weights], _TOKENS)
    return b.emit("Add", name, [b.weight(f"{name}.bias", (outputs,), "bias"), y], _TOKENS)


def _reshaped(b: Builder, x: ir.Value, shape: tuple[int, ...], name: str) -> ir.Value:
    return b.emit("Reshape", name, [x, b.constant(f"{name}.shape", shape)], shape[1], {"allowzero": 0})


def _transposed(b: Builder, x: ir.Value, order: tuple[int, ...], channels: int, name: str) -> ir.Value:
    return b.emit("Transpose", name, [x], channels, {"perm": order})


def _embedded(b: Builder, batch: int) -> ir.Value:
    x = b.conv(b.input, _WIDTH, _PATCH, "patch_embed", stride=_PATCH)
    x = _reshaped(b, x, (batch, _WIDTH, _PATCHES), "patch_embed.flat")
    x = _transposed(b, x, (0, 2, 1), _PATCHES, "patch_embed.tokens")
    shape = b.constant("cls_token.shape", (batch, 1, _WIDTH))
    token = b.emit("Expand", "cls_token.expanded", [b.weight("cls_token", (1, 1, _WIDTH), "bias"), shape], 1)
    x = b.concat([token, x], "tokens")
    return b.add(x, b.weight("pos_embed", (1, _TOKENS, _WIDTH), "bias"), "embedded")


def _split_heads(b: Builder, x: ir.Value, batch: int, name: str) -> list[ir.Value]:
    """Query, key and value, each (batch, heads, tokens, values)."""
    x = _reshaped(b, x, (batch, _TOKENS, 3, _HEADS, _HEAD), f"{name}.heads")
    x = _transposed(b, x, (2, 0, 3, 1, 4), batch, f"{name}.parts")
    sizes, axis = b.constant("attention.sizes", (1, 1, 1)), b.constant("attention.axis", (0,))
    parts = b.emit_parts("Split", f"{name}.split", [x, sizes], [batch] * 3, {"axis": 0})
    return [
        b.emit("Squeeze", f"{name}.{part}", [each, axis], _HEADS)
        for part, each in zip(("query", "key", "value"), parts, strict=True)
    ]


def _attention(b: Builder, x: ir.Value, batch: int, name: str) -> ir.Value:
    query, key, value = _split_heads(b, _linear(b, x, _WIDTH, 3 * _WIDTH, f"{name}.qkv"), batch, name)
    scale = b.constant("attention.scale", sqrt(_HEAD**-0.5))
    key = _transposed(b, key, (0, 1, 3, 2), _HEADS, f"{name}.key_transposed")
    query, key = b.mul(query, scale, f"{name}.query_scaled"), b.mul(key, scale, f"{name}.key_scaled")
    scores = b.emit("MatMul", f"{name}.scores", [query, key], _HEADS)
    shares = b.activation("Softmax", scores, {"axis": -1})
    y = b.emit("MatMul", f"{name}.mixed", [shares, value], _HEADS)
    y = _transposed(b, y, (0, 2, 1, 3), _TOKENS, f"{name}.joined")
    y = _reshaped(b, y, (batch, _TOKENS, _WIDTH), f"{name}.flat")
    return _linear(b, y, _WIDTH, _WIDTH, f"{name}.proj")


def _gelu(b: Builder, x: ir.Value) -> ir.Value:
    """x/2·(1 + erf(x/√2)), five nodes."""
    y = b.emit("Div", f"{x.name}.scaled", [x, b.constant("gelu.sqrt2", sqrt(2.0))], _TOKENS)
    y = b.add(b.activation("Erf", y), b.constant("gelu.one", 1.0), f"{x.name}.plus_one")
    return b.mul(b.mul(x, y, f"{x.name}.doubled"), b.constant("gelu.half", 0.5), f"{x.name}.gelu")


def _block(b: Builder, x: ir.Value, batch: int, name: str) -> ir.Value:
    x = b.add(x, _attention(b, _norm(b, x, f"{name}.norm1"), batch, f"{name}.attention"), f"{name}.add1")
    y = _linear(b, _norm(b, x, f"{name}.norm2"), _WIDTH, 4 * _WIDTH, f"{name}.mlp.fc1")
    y = _linear(b, _gelu(b, y), 4 * _WIDTH, _WIDTH, f"{name}.mlp.fc2")
    return b.add(x, y, f"{name}.add2")


def vit_tiny(batch: int, batchnorm: bool) -> ir.Model:
    """Return ViT-Ti/16 for 224×224 images (it has no BatchNorm to keep)."""
    b = Builder("vit_tiny", (batch, 3, _IMAGE, _IMAGE), batchnorm)
    x = _embedded(b, batch)
    for number in range(_DEPTH):
        x = _block(b, x, batch, f"block{number + 1}")
    first = b.constant("head.token", 0)
    x = b.emit("Gather", "class_token", [_norm(b, x, "norm"), first], _WIDTH, {"axis": 1})
    return b.finish(b.gemm(x, 1000, "head"), (batch, 1000))

"""The compiler: layers to a Program with residency and spills decided and addresses assigned."""

from accelsim.compiler.compile import compile_network

__all__ = ["compile_network"]

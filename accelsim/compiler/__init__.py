"""The compiler: layers to a Program with residency and spills decided and addresses assigned."""

from accelsim.compiler.compile import compile_network
from accelsim.compiler.oversized import oversized

__all__ = ["compile_network", "oversized"]

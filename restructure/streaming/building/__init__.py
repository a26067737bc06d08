"""From a graph to its network of ops: chains of nodes, taken apart as the cuts say."""

from restructure.streaming.building.builder import network_of

__all__ = ["network_of"]

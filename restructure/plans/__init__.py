"""Restructuring plans: plain records that say how a graph is cut, and nothing about how they were found."""

from restructure.plans.budget import BudgetError
from restructure.plans.records import BandCut, ChannelCut, Plan, Region, SumCut, TensorCut
from restructure.plans.serial import PLAN_VERSION

__all__ = ["PLAN_VERSION", "BandCut", "BudgetError", "ChannelCut", "Plan", "Region", "SumCut", "TensorCut"]

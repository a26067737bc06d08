"""What a model computes according to onnxruntime, on values that hide nothing: seeded random inputs and weights.

Exporters often fill weights with one constant, and files of other tools point to weights that are not there. Then
swapped channels, shifted windows and stale tiles go unnoticed; `with_weights` puts random values in their place.
"""

from restructure.reference.comparison import OutputError, compare
from restructure.reference.runtime import run_onnxruntime
from restructure.reference.samples import sample_inputs
from restructure.reference.weights import with_weights

__all__ = ["OutputError", "compare", "run_onnxruntime", "sample_inputs", "with_weights"]

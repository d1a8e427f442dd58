"""From a clip to an analysis: the catalogue of descriptors, and the one pass that computes them."""

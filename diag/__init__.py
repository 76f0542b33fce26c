"""diag tells why a tree of Python processes is stuck, slow or dying: from outside, with proof."""

__version__ = "0.1.0"

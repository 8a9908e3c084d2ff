"""Sound and the telephone: pure cores (call, endpointing, audio), thin adapters, one module per line protocol."""

import os

# Read by NumPy when it is loaded, hence here. The threads of its OpenBLAS spin after each larger product, waiting for
# another: 70 to 110 ms of processor time a transcription, for a product of 3 ms (bench/recogniser.py).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

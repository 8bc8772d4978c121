"""The architectures that are read from GGUF files.

What ggml's converter (convert_hf_to_gguf.py of llama.cpp) makes of a checkpoint, it undoes: rows of queries and keys laid
as pairs, norms with the one that Gemma adds, GPT-2's matrices turned over. Only what has been compared, tensor by tensor
and answer by answer, with a checkpoint of transformers stands here.
"""

from model.gguf.kinds.dense import DENSE
from model.gguf.kinds.experts import SPARSE
from model.gguf.kinds.gemma import GEMMAS
from model.gguf.kinds.kind import MAY_LACK, Kind

KINDS = dict(sorted((GEMMAS | DENSE | SPARSE).items()))

__all__ = ["KINDS", "MAY_LACK", "Kind"]

from model.gguf.load import load_gguf

__all__ = ["load_gguf"]

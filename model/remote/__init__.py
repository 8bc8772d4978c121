from model.remote.model import connect

__all__ = ["connect"]

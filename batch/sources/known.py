"""Which source a path is, by what it holds."""

from batch.sources.arrow import Parquet, Saved
from batch.sources.images import Images
from batch.sources.json_lines import JsonLines
from batch.sources.source import Place, Source
from batch.sources.texts import Texts
from model.files.kinds import is_parquet

_HEAD = 5


def source_of(path: str) -> Source:
    """ValueError with one sentence for what is no source of rows."""
    place = Place(str(path))
    if place.is_folder:
        folder = place.local
        if (folder / "dataset_dict.json").is_file():
            splits = sorted(one.name for one in folder.iterdir() if one.is_dir())
            raise ValueError(f"{place.name} holds the splits {', '.join(splits)}: name one, as {path}/{(splits or ['train'])[0]}")
        if (folder / "state.json").is_file():
            return Saved(place)
        tables = sorted(folder.glob("[!._]*.parquet"))
        return Parquet([Place(str(one)) for one in tables], place.name) if tables else Images(folder)
    begins, name = place.head(_HEAD), place.name.lower()
    if is_parquet(begins):
        return Parquet([place], place.name)
    if not begins:
        raise ValueError(f"{place.name} is empty: it has no rows")
    if name.endswith((".jsonl", ".ndjson")):
        return JsonLines(place)
    if name.endswith(".json"):
        raise ValueError(f"{place.name} is one JSON value; give a line of JSON for each row, in a file that ends in .jsonl")
    return Texts(place)

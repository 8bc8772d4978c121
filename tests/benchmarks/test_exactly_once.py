"""The proof that every row is there once can fail: planted faults are found."""

import pytest
from pyarrow import parquet

from batch import explain_dataset
from benchmarks.batch.exactly_once import KINDS, compared, write


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "count"), [("table", 2500), ("texts", 101)])
def test_what_is_doubled_lost_or_wrong_is_counted(tmp_path, kind, count):
    source, out = write(kind, count, tmp_path), tmp_path / "out"
    explain_dataset(source, out, KINDS[kind](), workers=1)
    assert compared(kind, source, out) == (0, 0, 0)
    first, second, last = sorted((out / "rows").iterdir())
    rows = len(parquet.read_table(last))
    last.unlink()
    assert compared(kind, source, out) == (0, rows, 0)
    (out / "rows" / "part-000009.parquet").write_bytes(second.read_bytes())
    assert compared(kind, source, out) == (len(parquet.read_table(second)), rows, 0)
    table = parquet.read_table(first).to_pylist()
    table[3]["banzhaf"][0] *= 1 + 1e-15
    parquet.write_table(parquet.read_table(first).from_pylist(table, parquet.read_schema(first)), first)
    assert compared(kind, source, out)[2] == 1

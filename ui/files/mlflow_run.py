"""A run's report and bundle as artefacts of MLflow."""

import tempfile
import time
from os import PathLike
from pathlib import Path

from ui.files.report import html_report
from ui.maps.spent import spent
from ui.runs import kept
from ui.runs.bundle import Bundle, read_bundle, write_bundle
from ui.runs.comparison_bundle import from_bundle, to_bundle
from ui.shipping import KINDS

_KINDS = {kind.key: kind for kind in KINDS}


def log_run(run: str | bytes | PathLike[str] | Bundle, folder: str = "swing") -> None:
    """Log a run's report (HTML) and bundle (ZIP) as artefacts of the active MLflow run, or of a new one.

    Parameters
    ----------
    run : the id of a run that this Swing keeps, as in its link; or a bundle: its bytes, its path, or as it was read
    folder : of the artefacts

    Raises
    ------
    ValueError : no such run, or no bundle
    ImportError : MLflow is not installed
    """
    try:
        import mlflow
    except ImportError as error:
        raise ImportError("this needs MLflow, which is not installed: pip install 'swing[mlflow]'") from error
    bundle = _bundle(run)
    result = from_bundle(_KINDS[bundle.page], bundle)
    made = time.strftime("Made on %d %B %Y.")
    with tempfile.TemporaryDirectory() as place:
        report = html_report(bundle, _KINDS[bundle.page].picture(result), made, spent(result.comparison))
        (Path(place) / "swing-report.html").write_text(report, encoding="utf-8")
        (Path(place) / "swing-bundle.zip").write_bytes(write_bundle(bundle))
        mlflow.log_artifacts(place, folder)


def _bundle(run: str | bytes | PathLike[str] | Bundle) -> Bundle:
    if isinstance(run, str):
        found = kept.store().get(run)
        if found.page not in _KINDS:
            raise ValueError(f"this run is of the page {found.page!r}, which has files of its own; allowed are {list(_KINDS)}")
        result = kept.result_of(_KINDS[found.page], run)
        return to_bundle(found.page, result, found.name, found.fingerprint)
    if not isinstance(run, Bundle):
        run = read_bundle(run if isinstance(run, bytes) else Path(run).read_bytes())
    if run.page not in _KINDS:
        raise ValueError(f"this bundle is of the page {run.page!r}; allowed are {list(_KINDS)}")
    return run

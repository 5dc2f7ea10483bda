"""A trace from a Parquet file, through pyarrow, which is optional."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leakdoc.errors import DamagedSource, MissingDependency
from leakdoc.model.trace import Trace
from leakdoc.redact import inert
from leakdoc.sampling.foreign_file import check_file, refuse_too_many, why
from leakdoc.sampling.sources.frame import from_frame

if TYPE_CHECKING:
    import pandas as pd


def read_parquet(
    path: str | os.PathLike[str], *, load_column: str | None = None, limit_bytes: float | None = None
) -> Trace:
    """Read a Parquet file whose columns are those of a CSV.

    Raises:
        MissingDependency: pyarrow is not installed.
        UnreadableSource: missing, not permitted, empty, too large, or without a ``time`` column.
        DamagedSource: broken, or a cell cannot be parsed.
        UsageError: there is no such load column.
    """
    file = Path(path)
    check_file(file)
    return from_frame(_frame(file), name=file.stem, load_column=load_column, limit_bytes=limit_bytes)


def pyarrow_parquet() -> Any:
    """Return the module ``pyarrow.parquet``.

    Raises:
        MissingDependency: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise MissingDependency(
            "Parquet needs pyarrow, which is not installed", help="pip install 'leakdoc[parquet]'"
        ) from error
    return pyarrow.parquet


def _frame(file: Path) -> pd.DataFrame:
    parquet = pyarrow_parquet()
    import pyarrow

    try:
        with parquet.ParquetFile(file) as opened:
            refuse_too_many(file, opened.metadata.num_rows, opened.metadata.num_columns)
            frame: pd.DataFrame = opened.read().to_pandas(ignore_metadata=True)
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise DamagedSource(f"{inert(file.name)} is damaged: {why(error)}") from error
    return frame.drop(columns=[name for name in frame.columns if str(name).startswith("__index_level_")])

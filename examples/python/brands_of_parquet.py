"""Prints, for each stream and brand, appearances and seconds from the Parquet files that logowatch's parquet sink writes.

  pip install -r requirements-parquet.txt
  python brands_of_parquet.py FOLDER

A file has a row for each revision of an appearance: the last revision of an id is the truth.
"""

import json
import sys

import duckdb

QUERY = """
WITH last AS (
  SELECT * FROM read_parquet($files) QUALIFY row_number() OVER (PARTITION BY id ORDER BY revision DESC) = 1
)
SELECT stream_id, label, count(*) AS appearances, sum(exposure_ms) / 1000 AS seconds
FROM last GROUP BY ALL ORDER BY ALL
"""


def main() -> None:
    (folder,) = sys.argv[1:]
    found = duckdb.execute(QUERY, {"files": f"{folder}/*.parquet"})
    names = [column[0] for column in found.description]
    for row in found.fetchall():
        print(json.dumps(dict(zip(names, row)), ensure_ascii=False))


if __name__ == "__main__":
    main()

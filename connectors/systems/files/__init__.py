"""Files dropped into a folder: CSV, XLSX and Parquet."""

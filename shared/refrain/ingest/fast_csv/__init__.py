"""Reads large CSV files in blocks of lines, with Arrow's kernels.

The plain way is `readers.delimited`: line by line, with the parsers of the preprocessing layer. It reads about 6 MB a
second; with this package ingest reads 136 MB a second, at the price of some 600 lines and a second way to read a value.
`tests/contract/test_fast_csv.py` holds both ways equal, for any bytes. `readers.delimited` alone calls this package.
Without it ingest would be slower, and still right: a block that Arrow might read otherwise goes line by line.

`blocks` cuts a file into blocks and parses ahead; `block_parsing` parses one block, which `arrow_cells` splits into
columns, and `arrow_columns` and `arrow_parsers` type; `parsed_block` is the result.
"""

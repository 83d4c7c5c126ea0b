// Package artifact defines the Arrow tables that stages hand to each other, and
// reads and writes them as Arrow IPC files (what pyarrow, pandas, Polars and
// DuckDB read as "feather" or "arrow file"), uncompressed and deterministic:
// the same rows give the same bytes.
//
// Nouns: Interactions (user, item pairs), Users (one row a user: original id
// and one column per attribute), Rows (a CSR view of interactions for
// training), Images (pixels with labels, kept as the file has them), Metrics
// (scalars), Curves (values over epochs).
package artifact

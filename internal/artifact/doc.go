// Package artifact defines the data that stages pass to each other: the Arrow tables, and the
// interfaces of opened artifacts. Tables are Arrow IPC files (which pyarrow, pandas, Polars and
// DuckDB read as "feather" or "arrow file"), uncompressed and deterministic: the same rows give the
// same bytes. The formats of artifacts that hold more than tables are the packages below.
//
// Nouns: Interactions (user, item pairs), Users (one row a user: original id and one column per
// attribute), Rows (a CSR view of interactions for training), Images (pixels with labels, kept as
// the file has them), Metrics (scalars), Outcomes (values of each user or image, which metrics are
// means of), Curves (values over epochs), Recommender (scores items for users).
package artifact

// Package publish writes reports to the results folder and knows which files there are its own.
//
// Every report has a folder. The folder's provenance.json says how the report was made and lists
// its files with their digests: the manifest. The manifest decides what a later publication does:
//
//   - A file that is as the manifest lists it belongs to foil. It is replaced, or removed if the
//     report no longer has it.
//   - Every other file belongs to the user: one that foil did not write, and one that was changed
//     after foil wrote it. It is never overwritten or removed. If it is where a file of the report
//     has to be, it gets another name: table.md becomes table.kept.md.
//
// The content of provenance.json always describes the files beside it, whenever the program is
// killed. New files are written to a work folder first. Then each affected folder gets a
// provenance.json that says that it is unfinished and lists the old and the new files. Then files
// are removed and moved into place, and the final provenance.json comes last. The next publication
// completes what was interrupted.
//
// A lock on the work folder keeps publications of the same experiment apart. Links inside the
// results folder are never followed: a link is a file of the user.
package publish

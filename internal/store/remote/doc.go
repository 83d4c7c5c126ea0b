// Package remote keeps records and objects on a server that several caches share: a bucket, a folder,
// or a server that speaks the HTTP dialect of Bazel's remote caches.
//
// A Remote is input, whoever writes to it. Every object is compared with its digest before it counts,
// and every record with its key, by the same rules as an imported bundle. Nothing is listed, so any
// server with GET, HEAD and PUT will do:
//
//	cas/DIGEST   an object
//	ac/KEY       the entry of a record, or of the manifest of a plan
//
// Objects are written before the record that names them. A record is written only if there is none.
// docs/remote.md describes servers and safety.
package remote

// Package slurm submits workers (foil work) to a Slurm cluster as job arrays, and follows them.
//
// A Submission is written to the cache before anything is sent, so that any login node can find its
// workers, and it names each array, so that an array is looked for before it is sent again. The
// records and notes of the cache say what is made and what has failed; the queue says only which
// workers are alive; accounting, where there is any, says how they ended.
//
// The one promise: at any time, what is in the folder of the cache is enough to continue.
package slurm

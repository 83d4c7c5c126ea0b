// Package local is the executor that runs tasks on this machine, in processes of their own.
//
// A child is a process that serves tasks, one at a time. It ends when its parent closes their
// connection or ends. A child of most kinds serves one task. A child of a kind whose work happens in
// another program (pipeline.Kind.RunsProgram) serves one after the other, where the system supports
// it. Each task brings its log and the file of its lease. The log is the child's standard output and
// standard error, so it keeps the last output before a crash. A child leads a process group, so a
// Ctrl-C in the terminal reaches only the parent.
//
// The promises:
//   - A problem in a child fails only its cell, with an error that describes the problem.
//   - When Run returns, all processes that the task started have ended. The lease of the cell is
//     held until then, also after this process or the child was killed.
//
// On Linux, the second promise holds for all descendants, including processes in other process
// groups and sessions. A child adopts the processes whose parents have ended (it is their
// "subreaper"), so a child that has no children has no descendants. This process adopts what a
// killed child leaves, and ends it. If this process is killed, its children see the end of their
// connections and end their descendants. A program is killed when the child that started it ends;
// if the child and this process are killed within the same moment, then only other descendants
// remain. They hold the lease as long as they have its file open.
//
// On Windows, a child and its descendants are a job, and the system ends them all with the child.
// The lease is not inherited. On other systems, only processes that stay in the process group of
// the child or of its program are ended.
//
// A process that cannot be killed for ten seconds, because it waits for a device or belongs to
// another user, is given up. Its cell has failed by then.
//
// No system covers a process that another service starts on behalf of a program, for example with
// cron, systemd-run or docker.
package local

package local

import (
	"context"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// knowsAll: a child knows only the number of the processes that a task started. It serves one task,
// because files cannot be passed to a running process.
const knowsAll = false

// descendants are the other processes of the job that a child and its descendants are in. The
// system ends them all when the child ends, because it has the only handle of the job.
type descendants struct {
	peak peak
	job  windows.Handle // 0: there is none
}

// adopt makes a job of this process. In an environment that does not allow it, descendants are not
// known.
func adopt() *descendants {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return &descendants{}
	}
	var limits windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err != nil || windows.AssignProcessToJobObject(job, windows.CurrentProcess()) != nil {
		windows.CloseHandle(job)
		return &descendants{}
	}
	return &descendants{job: job}
}

// accounting is JOBOBJECT_BASIC_ACCOUNTING_INFORMATION of the Windows API.
type accounting struct {
	totalUserTime, totalKernelTime, periodUserTime, periodKernelTime int64
	pageFaults, processes, activeProcesses, terminatedProcesses      uint32
}

// running is the number of descendants.
func (d *descendants) running() int {
	var info accounting
	if d.job == 0 {
		return 0
	}
	err := windows.QueryInformationJobObject(d.job, windows.JobObjectBasicAccountingInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)), nil)
	if err != nil {
		return 0
	}
	return int(info.activeProcesses) - 1
}

func (*descendants) reapExcept(int) {}

// await waits until all descendants have ended, for some time. It reports whether they have.
func (d *descendants) await(ctx context.Context, patience time.Duration) bool {
	const pause = 10 * time.Millisecond
	for deadline := time.Now().Add(patience); d.running() > 0; {
		if time.Now().After(deadline) || ctx.Err() != nil {
			return false
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return true
}

// names describes the descendants that are running.
func (d *descendants) names() []string {
	if n := d.running(); n > 0 {
		return []string{fmt.Sprintf("processes of the program (%d)", n)}
	}
	return nil
}

func (*descendants) terminate() {}

// kill reports whether none is left. The system ends them with this process.
func (d *descendants) kill(time.Duration) bool { return d.running() == 0 }

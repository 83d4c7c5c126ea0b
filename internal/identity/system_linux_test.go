package identity

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"foil/internal/testenv"
)

func see(t *testing.T, path string) Sight {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := See(f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFileThatIsOpenForWritingIsInUse(t *testing.T) {
	path := newFile(t, t.TempDir())
	tock()
	if s := see(t, path); s.InUse {
		t.Errorf("before: %+v", s)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := see(t, path)
	if !s.InUse {
		f.Close()
		t.Skipf("leases do not work here: %+v", s)
	}
	memory, err := unix.Mmap(int(f.Fd()), 0, 4, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if s := see(t, path); !s.InUse || s.Settled {
		t.Errorf("mapped for writing: %+v", s)
	}
	if err := unix.Munmap(memory); err != nil {
		t.Fatal(err)
	}
	if s := see(t, path); s.InUse {
		t.Errorf("after its end: %+v", s)
	}
}

// A writer waits as long as a file is being read, instead of being unseen.
func TestWriterWaitsForTheReader(t *testing.T) {
	path := newFile(t, t.TempDir())
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := See(f); err != nil || s.InUse {
		t.Fatalf("%+v, %v", s, err)
	}
	if w, err := unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK, 0); err == nil {
		unix.Close(w)
		t.Skip("leases do not work here")
	} else if err != unix.EWOULDBLOCK {
		t.Fatal(err)
	}
	f.Close()
	w, err := unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(w)
}

func TestFilesInMemoryAreNeverSettled(t *testing.T) {
	path := newFile(t, testenv.SmallDisk(t, 1<<20))
	time.Sleep(50 * time.Millisecond)
	if s := see(t, path); s.Settled {
		t.Errorf("%+v", s)
	}
}

func TestOldFileIsSettled(t *testing.T) {
	path := newFile(t, t.TempDir())
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil || !precise[uint32(s.Type)] {
		t.Skipf("the file system has times of unknown precision (%v)", err)
	}
	tock()
	if s := see(t, path); !s.Settled {
		t.Errorf("%+v", s)
	}
}

// A write through a mapped file shows, whether or not the page was read before.
func TestWriteThroughMemoryShows(t *testing.T) {
	for _, readFirst := range []bool{false, true} {
		path := newFile(t, t.TempDir())
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		before := at(t, path)
		tock()
		memory, err := unix.Mmap(int(f.Fd()), 0, 4, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			t.Fatal(err)
		}
		old := byte('A')
		if readFirst {
			old = memory[0]
		}
		memory[0] = old + 1
		if err := unix.Munmap(memory); err != nil {
			t.Fatal(err)
		}
		f.Close()
		settled := see(t, path).Settled
		if after := at(t, path); settled && after == before {
			t.Errorf("read first %v: %+v, before %+v", readFirst, after, before)
		}
	}
}

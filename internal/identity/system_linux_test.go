package identity

import (
	"fmt"
	"os"
	"strings"
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

func TestOnlyTheKernelsAnswerTellsThatAFileHasNoWriter(t *testing.T) {
	for _, c := range []struct {
		lease   error
		settled time.Duration // the age from which on a file is settled
		inUse   bool
	}{
		{nil, 0, false},
		{unix.EAGAIN, 0, true},
		{unix.EACCES, recent, false}, // a file of another user
		{unix.EINVAL, recent, false}, // the file system has no leases
		{unix.ENOLCK, recent, false},
	} {
		precision, inUse := writers(c.lease)
		if precision != c.settled || inUse != c.inUse {
			t.Errorf("%v: %v, %v", c.lease, precision, inUse)
		}
	}
}

const foreignFile = "FOIL_TEST_FOREIGN_FILE"

// TestAsAnotherUser tells how another user sees a file. The test below runs it.
func TestAsAnotherUser(t *testing.T) {
	path := os.Getenv(foreignFile)
	if path == "" {
		t.Skip("another test runs it")
	}
	fmt.Printf("settled %v\n", see(t, path).Settled)
}

// A program of the owner may have mapped the file, which another user cannot know.
func TestFileOfAnotherUserIsSettledLater(t *testing.T) {
	testenv.NeedUsers(t)
	program := testenv.PublicProgram(t, "identity.test")
	path := newFile(t, testenv.PublicDir(t))
	tock()
	if !see(t, path).Settled {
		t.Skip("the file system has times of unknown precision")
	}
	run := func() string {
		cmd := testenv.User{ID: 64321, Group: 64321}.Command(t.Context(), program, "-test.run=^TestAsAnotherUser$")
		cmd.Env = append(os.Environ(), foreignFile+"="+path, "TMPDIR=/tmp")
		cmd.Dir = "/"
		text, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		return string(text)
	}
	start := time.Now()
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	if text := run(); strings.Contains(text, "settled true") && time.Since(start) < recent {
		t.Errorf("at once: %s", text)
	}
	time.Sleep(recent + 100*time.Millisecond)
	if text := run(); !strings.Contains(text, "settled true") {
		t.Errorf("later: %s", text)
	}
}

package disk

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// Locks count only on file systems that are known to be of one machine.
func TestUnknownFileSystemsAreOnANetwork(t *testing.T) {
	for number, want := range map[uint32]string{
		0xef53:     "",
		0x01021994: "",
		0x6969:     "NFS",
		0x0bd00bd0: "Lustre",
		0x01161970: "GFS2",
		0xdeadbeef: "a file system that foil does not know (0xdeadbeef)",
		0:          "a file system that foil does not know (0x0)",
	} {
		if got := networkName(number); got != want {
			t.Errorf("%#x: %q, want %q", number, got, want)
		}
	}
	for number, name := range networkFileSystems {
		if localFileSystems[number] != "" {
			t.Errorf("%s is in both lists", name)
		}
	}
}

// The clock of leases is not the time of day, which may be set.
func TestClockRunsSinceBoot(t *testing.T) {
	text, err := os.ReadFile("/proc/uptime")
	var seconds float64
	if _, scanErr := fmt.Sscan(string(text), &seconds); err != nil || scanErr != nil {
		t.Skip("no /proc/uptime")
	}
	uptime := time.Duration(seconds * float64(time.Second))
	if now := sinceBoot(); now < uptime-time.Second || now > uptime+time.Hour {
		t.Errorf("%s since boot, and the machine has been up for %s", now, uptime)
	}
}

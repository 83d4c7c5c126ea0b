//go:build unix

package local

import (
	"bufio"
	"net"
	"testing"
)

// A parent that is killed has often not read the last messages. Then the connection ends with an
// error and not with EOF. The child must notice it as well, because it ends what it has started.
func TestParentThatEndsWithUnreadMessagesIsNoticed(t *testing.T) {
	parent, child, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.FileConn(child)
	if err != nil {
		t.Fatal(err)
	}
	child.Close()
	defer conn.Close()
	if _, err := conn.Write([]byte("a message\n")); err != nil {
		t.Fatal(err)
	}
	parent.Close()
	_, err = bufio.NewReader(&uplink{UnixConn: conn.(*net.UnixConn)}).ReadString('\n')
	if err == nil {
		t.Error("no error")
	}
}

package run

import (
	"testing"
	"time"
)

func TestTimesAreWrittenAsPeopleDo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		90 * time.Minute: "1h30m", 2 * time.Hour: "2h", 10 * time.Minute: "10m", 20 * time.Second: "20s", time.Hour + 10*time.Second: "1h0m10s", 5 * time.Millisecond: "5ms",
	} {
		if got := timeText(d); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

package main

import (
	"fmt"
	"io"
	"time"
)

// writeHead begins the table of docs/scale.md.
func writeHead(w io.Writer) {
	fmt.Fprintln(w, "| | last cell | last worker | claims a second, most | wasted attempts | found held | path operations | a second | requests to the remote | sent |")
	fmt.Fprintln(w, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
}

func writeRow(w io.Writer, m *Model, r *Result) {
	remote, sent := "", ""
	if m.Remote.Latency > 0 {
		remote, sent = millions(r.Requests), fmt.Sprintf("%.1f TB", float64(r.Sent)/1e12)
	}
	fmt.Fprintf(w, "| %s | %s | %s | %.1f, %d | %d | %s | %s | %.0f | %s | %s |\n",
		m.Name, hours(r.LastCell), hours(r.LastEnd),
		float64(r.Claims)/r.LastCell.Seconds(), r.Most, r.Wasted, millions(r.Held),
		millions(r.Ops), float64(r.Ops)/r.LastEnd.Seconds(), remote, sent)
}

func hours(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%.1f min", d.Minutes())
	}
	return fmt.Sprintf("%.2f h", d.Hours())
}

func millions(n int64) string {
	if n < 1e5 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%.1f M", float64(n)/1e6)
}

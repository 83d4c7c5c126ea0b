package kernels

import "testing"

// reportRate reports operations a second, also as a share of what the processor can do at most. That
// is measured at the same time, because other work on the machine changes it.
func reportRate(b *testing.B, operations float64) {
	rate := operations * float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate/1e9, "GFLOP/s")
	if peak := Peak(); peak > 0 {
		b.ReportMetric(100*rate/peak, "%peak")
	}
}

// ReportRate is reportRate for tests outside the package.
var ReportRate = reportRate

package testenv

import (
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Times is how often a test does what finds mistakes by chance: few times, or as
// often as FOIL_STRESS says.
func Times(t testing.TB, few int) int {
	t.Helper()
	return int(number(t, "FOIL_STRESS", uint64(few)))
}

// Rand is the chance of such a test. Its seed is told with every failure, and
// FOIL_STRESS_SEED gives it again; moments in time it cannot repeat.
func Rand(t testing.TB) *rand.Rand {
	t.Helper()
	seed := number(t, "FOIL_STRESS_SEED", rand.Uint64())
	t.Logf("FOIL_STRESS_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// number reads a variable; one that is not set is the default.
func number(t testing.TB, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s=%s: a whole number is needed", name, text)
	}
	return n
}

// Fill writes a file of so many bytes, to take room on a small disk.
func Fill(t testing.TB, path string, size int64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 4096)
	for ; size > 0 && err == nil; size -= int64(len(block)) {
		_, err = f.Write(block)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

package testenv

import (
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Times is the number of repetitions of a randomized test: FOIL_STRESS, or a small default.
func Times(t testing.TB, few int) int {
	t.Helper()
	return int(number(t, "FOIL_STRESS", uint64(few)))
}

// Rand is the random source of a randomized test. Every failure prints its seed, and
// FOIL_STRESS_SEED sets it. The seed does not repeat the timing.
func Rand(t testing.TB) *rand.Rand {
	t.Helper()
	seed := number(t, "FOIL_STRESS_SEED", rand.Uint64())
	t.Logf("FOIL_STRESS_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// number reads an environment variable with a default.
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

// Fill writes a file of the given size, to use space on a small disk.
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

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/testenv"
)

const diskSize = 20 << 20

// TestFullDiskDoesNoDamage runs on a file system of 20 MB with space for a part of the results, and
// then frees space for the rest.
func TestFullDiskDoesNoDamage(t *testing.T) {
	r := newRig(t)
	want := r.mustRun("undisturbed")
	size := r.size("undisturbed")
	for i := range testenv.Times(t, 3) {
		disk := testenv.SmallDisk(t, diskSize)
		ballast, cache := filepath.Join(disk, "ballast"), filepath.Join(disk, "cache")
		room := r.rnd.Int64N(size * 3 / 4)
		if i == 0 {
			room = 0 // not even a cache can be made
		}
		testenv.Fill(t, ballast, diskSize-room)
		cmd, said := r.foil(cache, "run", "stress.yaml", "--checkpoint-every", "1ns")
		if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said.String(), "foil: the disk is full: foil gc makes room") {
			t.Errorf("with room for %d bytes of %d: %v\n%s", room, size, err, said)
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		if got := r.mustRun(cache); got != want {
			t.Errorf("after a disk with room for %d bytes was full the records are\n%s\nwant\n%s", room, got, want)
		}
	}
}

// TestTrainingSparesCheckpoints trains on a disk with space for the best and the last weights, but
// not for a checkpoint, which also has the averages of the optimizer.
func TestTrainingSparesCheckpoints(t *testing.T) {
	r := newRig(t)
	disk := testenv.SmallDisk(t, diskSize)
	cache := filepath.Join(disk, "cache")
	run := func(cache, cells string) string {
		cmd, said := r.foil(cache, "run", "stress.yaml", "--checkpoint-every", "1ns", "--only", cells, "--set", "stages.model.with.latent=100")
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		return said.String()
	}
	run(cache, "fold")
	run("undisturbed", "model[lambda=5]")
	var weights int64 // the largest file is one of both
	for _, path := range r.files("undisturbed", "objects") {
		weights = max(weights, sizeOnDisk(t, path))
	}
	testenv.Fill(t, filepath.Join(disk, "ballast"), diskSize-r.size(cache)-3*weights)
	if said := run(cache, "model[lambda=5]"); !strings.Contains(said, "epoch 1: the checkpoint could not be written") {
		t.Errorf("no note about a checkpoint without disk space:\n%s", said)
	}
	if got, want := r.digests(cache), r.digests("undisturbed"); got != want {
		t.Errorf("without checkpoints the records are\n%s\nwant\n%s", got, want)
	}
}

// size is the disk space of the files of a cache.
func (r *rig) size(cache string) (size int64) {
	r.Helper()
	for _, path := range r.files(cache) {
		size += sizeOnDisk(r, path)
	}
	return size
}

func sizeOnDisk(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	return (info.Size() + page - 1) / page * page
}

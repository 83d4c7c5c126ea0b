# GOEXPERIMENT=simd lets the numeric backend and our kernels use AVX; without it
# everything works, only slower.
export GOEXPERIMENT ?= simd

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: build run test race stress fuzz bench bench-peer bench-multvae bench-l2l bench-runner bench-scale lint cross picture

build:
	go build -buildvcs=auto -o foil ./cmd/foil

# The quickstart: the four models of AdvXMultVAE on synthetic users.
run: build
	./foil run quickstart

test:
	go test -timeout 25m ./...

# The race detector needs a C compiler. Pointer checks, which come with it, end the
# program inside GoMLX's matrix products, so where models are trained they are off.
# A race ends the process that has it, and the others end without waiting a second.
race stress: export GORACE = halt_on_error=1 atexit_sleep_ms=0
STRESS = go test -race -gcflags=all=-d=checkptr=0 -run 'Killed|Damage|EightRuns|FullDisk|Spares|MixedBuilds|OddEntries|TwoUsers' -timeout 90m
race:
	go test -race ./internal/store/disk/... ./internal/checkpoint ./pipeline/...
	$(STRESS) ./cmd/foil

# Runs killed 200 times, programs that leave writers behind, every file of a cache damaged,
# disks that are full, eight runs at once, workers of three nodes killed in 100 rounds. A test prints its seed: FOIL_STRESS_SEED=N make stress draws the same again.
stress:
	FOIL_STRESS=$(or $(FOIL_STRESS),200) $(STRESS) -v -count=1 ./pipeline/stress ./cmd/foil

# Every fuzz target for FUZZTIME each; FUZZTIME=1h for a night.
FUZZTIME ?= 1m
fuzz:
	.ci/fuzz $(FUZZTIME)

bench:
	go test -run '^$$' -bench . -benchmem -cpu 1 ./...

# foil beside others: training steps beside PyTorch's (internal/bench/multvae/README.md,
# internal/bench/l2l/README.md), and the runner's own cost beside DVC's and Snakemake's
# (internal/bench/runner/README.md). PEER_FLAGS go to each program: -rounds 1, say.
# PEER_PYTHON names an interpreter with the packages that are needed; otherwise
# they are installed in .peer/.
PEER_FLAGS ?=
PYTHON = $(or $(PEER_PYTHON),.peer/bin/python)
ifndef PEER_PYTHON
bench-multvae bench-l2l: .peer/training
bench-runner: .peer/runners
endif

bench-peer: bench-multvae bench-l2l

bench-multvae:
	go run ./internal/bench/multvae -python $(PYTHON) $(PEER_FLAGS)

bench-l2l:
	go run ./internal/bench/l2l -python $(PYTHON) $(PEER_FLAGS)

bench-runner: build
	go run ./internal/bench/runner -python $(PYTHON) -foil ./foil $(PEER_FLAGS)

# A simulation of 1,000 workers and 1,000,000 cells: docs/scale.md.
bench-scale:
	go run ./internal/bench/scale

.peer/training: internal/bench/multvae/requirements.txt
.peer/runners: internal/bench/runner/requirements.txt
.peer/training .peer/runners: | .peer/bin/pip
	.peer/bin/pip install -r $<
	touch $@

.peer/bin/pip:
	python3 -m venv .peer

lint:
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

# Programs and tests compile and pass vet for systems that no test runs on. Without
# optimizations the compiler takes half the time, and nothing is run.
cross: cross/windows/amd64 cross/darwin/arm64
cross/%:
	GOOS=$(*D) GOARCH=$(*F) CGO_ENABLED=0 go vet -gcflags='all=-N -l' ./...

# The picture in the README: the quickstart's report page in headless Chromium.
picture: run
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=820,600 \
		--screenshot=docs/report.png "file://$(CURDIR)/results/quickstart/table/report.html"

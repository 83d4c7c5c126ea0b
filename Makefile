# GOEXPERIMENT=simd lets the numeric backend and our kernels use AVX; without it
# everything works, only slower.
export GOEXPERIMENT ?= simd

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.1

.PHONY: build run test race fuzz bench bench-peer lint

build:
	go build -buildvcs=auto -o foil ./cmd/foil

# The quickstart: the four models of AdvXMultVAE on synthetic users.
run: build
	./foil run quickstart

test:
	go test ./...

# The race detector needs a C compiler.
race:
	go test -race ./internal/cache/... ./pipeline/...

# Every fuzz target for FUZZTIME each.
FUZZTIME ?= 30s
fuzz:
	@for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
		done; \
	done

bench:
	go test -run '^$$' -bench . -benchmem -cpu 1 ./...

# A training step beside PyTorch's, see models/multvae/peer/README.md. PEER_PYTHON
# names an interpreter with torch; otherwise an environment is made in .peer/.
PEER_FLAGS ?=
ifndef PEER_PYTHON
bench-peer: .peer/installed
endif
bench-peer:
	go run ./models/multvae/peer -python $(or $(PEER_PYTHON),.peer/bin/python) $(PEER_FLAGS)

.peer/installed: models/multvae/peer/requirements.txt
	python3 -m venv .peer
	.peer/bin/pip install -r $<
	touch $@

lint:
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

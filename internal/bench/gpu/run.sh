#!/usr/bin/env bash
# Times L2L's trainings of WRN-34-10 on a GPU and checks them against the engine; see README.md.
# XLA needs cgo. Arguments go to the program.
set -euo pipefail
cd "$(dirname "$0")/../../.."
CGO_ENABLED=1 GOEXPERIMENT=simd go run ./internal/bench/gpu -backend xla:cuda "$@"

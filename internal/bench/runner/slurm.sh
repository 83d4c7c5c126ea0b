#!/usr/bin/env bash
# slurm.sh FOIL PYTHON [CHAINS]: the chains of this benchmark on a Slurm cluster of one node, by two
# workers of foil, by Snakemake with a job per stage, and by Snakemake with arrays. It needs root, the
# packages slurm-wlm and munge, and in PYTHON snakemake and snakemake-executor-plugin-slurm. It prints
# seconds, calls of sbatch, and requests that the controller has answered.
set -euo pipefail
foil=$(realpath "$1") python=$2 chains=${3:-10}
here=$(realpath "$(dirname "$0")")
cluster=$here/../../../.ci/one-node-slurm.sh
dir=$(mktemp -d)
# Snakemake's jobs do not inherit SLURM_CONF.
default=/etc/slurm/slurm.conf
[[ ! -e $default ]] || { echo "there is a cluster already: $default" >&2; exit 1; }
trap 'bash "$cluster" stop "$dir/cluster"; rm -rf "$dir" "$default"' EXIT
eval "$(bash "$cluster" start "$dir/cluster")"
ln -s "$SLURM_CONF" "$default"

# measure NAME COMMAND...: in a folder of its own
measure() {
	local name=$1 begin; shift
	sdiag -r >/dev/null
	begin=$(date +%s.%N)
	"$@" >log 2>&1 || { tail -n 20 log >&2; exit 1; }
	sdiag | awk -v name="$name" -v took="$(echo "$(date +%s.%N) - $begin" | bc)" '
		/^Remote Procedure Call statistics by user/ { exit }
		/REQUEST_/ && !/REQUEST_STATS_INFO/ {
			request = $1
			sub(/.*count:/, "")
			all += $1
			if (request == "REQUEST_SUBMIT_BATCH_JOB") sent = $1
		}
		END { printf "%-20s %8.1f s %5d sbatch %6d requests\n", name, took, sent, all }'
}

numbers="[$(seq -s ', ' 0 $((chains - 1)))]"
mkdir "$dir/foil"; cd "$dir/foil"
sed "s/\[0, 1\]/$numbers/" "$here/testdata/chains.yaml" >chains.yaml
measure foil "$foil" run chains.yaml --executor slurm --jobs 2
for how in jobs arrays; do
	mkdir "$dir/$how"; cd "$dir/$how"
	sed "s/range(2)/range($chains)/" "$here/testdata/Snakefile" >Snakefile
	options=()
	[[ $how != arrays ]] || options=(--slurm-array-jobs=all)
	measure "Snakemake, $how" "$python" -m snakemake --executor slurm --jobs 100 --slurm-no-account \
		--slurm-status-command squeue --default-resources slurm_partition=main runtime=10 mem_mb=200 "${options[@]}"
done

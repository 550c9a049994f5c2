#!/usr/bin/env bash
# Fuzzes each target for a while: `fuzz/run.sh [SECONDS [TARGET…]]`. See README.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
seconds="${1:-60}"
shift || true
if [ "$#" -eq 0 ]; then
    set -- decode python project suppression metadata launcher config baseline
fi

# What cargo-fuzz passes, without the sanitizers that only a nightly compiler has.
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing"
# A target of its own, so that build scripts are not instrumented.
host="$(rustc -vV | sed -n 's/^host: //p')"
target_dir="${CARGO_TARGET_DIR:-$PWD/target}"
CARGO_TARGET_DIR="$target_dir" cargo build --locked --release --target "$host"

for target; do
    printf '\n== %s\n' "$target"
    mkdir -p "corpus/$target" "found/$target" "seeds/$target"
    # A program that takes longer than this is a finding, as is one that takes more memory.
    TARGET="$target" "$target_dir/$host/release/fuzz" "corpus/$target" "seeds/$target" \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 -dict=python.dict \
        -artifact_prefix="found/$target/" -print_final_stats=1 -verbosity=1
done

#!/usr/bin/env bash
# Perplexity and KL divergence of the demos on their test text under the recipes that ship, as a table.    measure.sh BITLATHE_CLI
set -euo pipefail
demo=$(cd "$(dirname "$0")/../.." && pwd)
for model in "$demo"/tales-*.gguf; do
    for preset in float Q8_0 Q6_K Q5_K_M Q4_K_M Q4_0 Q3_K_M int4-g128 int3-g64 Q2_K ternary; do
        "$1" evaluate "$model" --data "$demo/language_test.txt" --metric perplexity,kld --preset "$preset" --json --quiet |
            python3 -c '
import json, sys
f = json.load(sys.stdin)
kld, model, preset = f["kld"], sys.argv[1], sys.argv[2]
print("| %s | %s | %.4f | %.5f | %.4f | %.2f %% |" % (model, preset, f["perplexity"]["value"], kld["mean"], kld["p99"], 100 * f["agreement"]["value"]))' \
                "$(basename "$model" .gguf)" "$preset"
    done
done

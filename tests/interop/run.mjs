// node run.mjs PROGRAM FOLDER [CASE]: lets PROGRAM (interop_cases) export networks, runs them in ONNX Runtime,
// and lets PROGRAM compare. Exit code 77: onnxruntime-node is not installed, the test is skipped.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [program, folder, filter] = process.argv.slice(2);

let ort;
try {
    ort = await import("onnxruntime-node");
} catch (error) {
    console.log(`skipped: onnxruntime-node is not installed (npm ci --ignore-scripts in tests/interop): ${error.message}`);
    process.exit(77);
}

const arrays = { float32: Float32Array, float16: Uint16Array, int64: BigInt64Array, int32: Int32Array, uint8: Uint8Array, int8: Int8Array, bool: Uint8Array };

function step(mode, extra = []) {
    const result = spawnSync(program, [mode, folder, ...extra], { stdio: "inherit" });
    return result.status === 0;
}

function tensorOf(entry) {
    const bytes = readFileSync(join(folder, entry.file));
    const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    return new ort.Tensor(entry.type, new arrays[entry.type](copy), entry.dims);
}

async function runOne(entry) {
    const session = await ort.InferenceSession.create(join(folder, entry.model), {
        executionProviders: ["cpu"],
        graphOptimizationLevel: "all",
        optimizedModelFilePath: join(folder, entry.optimized),
        logSeverityLevel: 3,
        // By default matrices of few bits get quantized activations behind our back; the file means float.
        extra: { session: { qdq_matmulnbits_accuracy_level: "0" } },
    });
    for (const run of entry.runs) {
        const feeds = Object.fromEntries(run.inputs.map((input) => [input.name, tensorOf(input)]));
        const results = await session.run(feeds);
        for (const output of run.outputs) {
            const data = results[output.name].data;
            writeFileSync(join(folder, output.ort), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        }
    }
    await session.release();
}

rmSync(folder, { recursive: true, force: true });
let fine = step("make", filter ? [filter] : []);
const manifestPath = join(folder, "manifest.json");
const manifest = JSON.parse(readFileSync(manifestPath, "utf8"));
for (const entry of manifest) {
    try {
        await runOne(entry);
    } catch (error) {
        entry.error = String(error.message);
    }
}
writeFileSync(manifestPath, JSON.stringify(manifest, null, 1));
console.log(`ONNX Runtime ${ort.env.versions.node ?? ort.env.versions.common}`);
fine = step("check") && fine;
process.exit(fine ? 0 : 1);

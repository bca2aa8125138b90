// bitlathe-cli as the tests call it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { readNpz, writeNpy } from './arrays.mjs';

export class Bitlathe {
  constructor(program, work) {
    this.program = program;
    this.work = work;
  }

  call(...args) {
    const ran = spawnSync(this.program, [...args, '--quiet'], { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (ran.error) throw ran.error;
    if (ran.status !== 0) throw new Error(`bitlathe-cli ${args.join(' ')} ended with ${ran.status ?? ran.signal}: ${ran.stderr.trim()}`);
    return ran.stdout;
  }

  json(...args) {
    return JSON.parse(this.call(...args, '--json'));
  }

  // { output: array } of the model on { input: array }.
  run(model, inputs, engine, ...more) {
    const files = [];
    for (const [index, [name, array]] of Object.entries(inputs).entries()) {
      const file = join(this.work, `input${index}.npy`);
      writeNpy(file, array);
      files.push('--input', `${name}=${file}`);
    }
    const output = join(this.work, 'output.npz');
    this.call('run', model, ...files, '--output', output, '--engine', engine, ...more);
    return readNpz(output);
  }
}

/**
 * @file The process in which TensorFlow is checked: it reads its settings once, when it is loaded.
 *
 * Its one argument is a `TensorflowTask` as JSON. It prints what it finds as it finds it, a `TensorflowLine` as JSON each. TensorFlow's
 * own log goes to the standard error.
 */

import { writeSync } from 'node:fs';
import type { NamedArrays } from '../../src/arrays.ts';
import { createCpuEngine } from '../../src/engines/onnx/cpu-engine.ts';
import { createEagerCompiler } from '../../src/engines/tensorflow/eager.ts';
import { compile } from '../../src/engines/tensorflow/engine.ts';
import { loadNative } from '../../src/engines/tensorflow/native/load.ts';
import { availableThreads } from '../../src/engines/threads.ts';
import type { Engine } from '../../src/engines/types.ts';
import { TdRunner } from '../peers/td-runner.ts';
import { taskOf } from '../peers/workloads.ts';
import { checkEpoch, checkLearning, checkStep, listChecks, secondsForEpoch } from './device.ts';
import { FORMS, type Form, type TensorflowLine, type TensorflowTask } from './tensorflow.ts';

const task = JSON.parse(process.argv[2] ?? '') as TensorflowTask;
const native = loadNative({
  threads: availableThreads(),
  device: 'auto',
  deterministic: FORMS[task.forms[0] as Form].deterministic,
});
process.stderr.write(native.log);
const reference = await createCpuEngine();

tell({ version: native.binding.TF_Version, usesGpu: native.usesGpu });
for (const form of task.forms) await checkForm(form);
if (task.epochSeconds !== undefined) {
  const engine = engineOf('compiled');
  for (const checkOne of [checkLearning, checkEpoch])
    tell({ epoch: await checkOne(engine, secondsForEpoch(task, task.epochSeconds)) });
}
process.exit(0);

/** Written at once: the process may be ended at any moment. */
function tell(line: TensorflowLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

function engineOf(form: Form): Engine {
  const { eager, options } = FORMS[form];
  const compileEagerly = eager ? createEagerCompiler(native.binding) : undefined;
  return {
    name: 'tensorflow',
    device: native.usesGpu ? 'GPU' : 'CPU',
    compile: async (step, signature) =>
      compileEagerly?.(step, signature) ?? compile(step, signature, native, options),
  };
}

async function checkForm(form: Form): Promise<void> {
  const engine = engineOf(form);
  for (const comparand of listChecks(task.networks)) {
    process.stderr.write(`td: ${form}, ${comparand.workload.name}, ${comparand.variant}\n`);
    const check = await checkStep(comparand, engine, reference, task);
    const repeats = check.failure === undefined ? await areBitsEqual(comparand, engine) : undefined;
    tell({ step: { form, ...check, ...(repeats === undefined ? {} : { repeats }) } });
  }
}

/** Whether two trainings of three steps end with the same bits. */
async function areBitsEqual(comparand: Parameters<typeof taskOf>[0], engine: Engine): Promise<boolean> {
  const [one, other] = [await threeSteps(comparand, engine), await threeSteps(comparand, engine)];
  return Object.entries(one).every(([name, data]) =>
    data.every((number, index) => Object.is(number, other[name]?.[index])),
  );
}

async function threeSteps(comparand: Parameters<typeof taskOf>[0], engine: Engine): Promise<NamedArrays> {
  const runner = await TdRunner.create(taskOf(comparand, 0), engine);
  try {
    await runner.time(3);
    return await runner.readState();
  } finally {
    runner.dispose();
  }
}

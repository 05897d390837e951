/**
 * @file The process in which TensorFlow is checked: it reads its settings once, when it is loaded.
 *
 * Its one argument is a `TensorflowTask` as JSON. It prints what it found as JSON. TensorFlow's own log goes to the standard error.
 */
import { createCpuEngine } from '../../src/engines/onnx/cpu-engine.ts';
import { createEagerCompiler } from '../../src/engines/tensorflow/eager.ts';
import { compile } from '../../src/engines/tensorflow/engine.ts';
import { loadNative } from '../../src/engines/tensorflow/native/load.ts';
import { availableThreads } from '../../src/engines/threads.ts';
import type { Engine, NamedArrays } from '../../src/engines/types.ts';
import { TdRunner } from '../peers/td-runner.ts';
import { taskOf } from '../peers/workloads.ts';
import { checkEpoch, checkLearning, checkStep, listChecks } from './device.ts';
import { FORMS, type Form, type FormCheck, type TensorflowFound, type TensorflowTask } from './tensorflow.ts';

const task = JSON.parse(process.argv[2] ?? '') as TensorflowTask;
const native = loadNative({
  threads: availableThreads(),
  device: 'auto',
  deterministic: FORMS[task.forms[0] as Form].deterministic,
});
process.stderr.write(native.log);
const reference = await createCpuEngine();

const found: TensorflowFound = {
  version: native.binding.TF_Version,
  usesGpu: native.usesGpu,
  forms: [],
  epochs: [],
};
for (const form of task.forms) found.forms.push(...(await checkForm(form)));
if (task.epochSeconds !== undefined) {
  const engine = engineOf('compiled');
  found.epochs.push(
    await checkLearning(engine, task.epochSeconds),
    await checkEpoch(engine, task.epochSeconds),
  );
}
process.stdout.write(JSON.stringify(found));
process.exit(0);

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

async function checkForm(form: Form): Promise<FormCheck[]> {
  const engine = engineOf(form);
  const checks: FormCheck[] = [];
  for (const comparand of listChecks(task.networks)) {
    process.stderr.write(`td: ${form}, ${comparand.workload.name}, ${comparand.variant}\n`);
    const check = await checkStep(comparand, engine, reference, task);
    const repeats = check.failure === undefined ? await areBitsEqual(comparand, engine) : undefined;
    checks.push({ form, ...check, ...(repeats === undefined ? {} : { repeats }) });
  }
  return checks;
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

/** @file The process of the self-test: a native module that does not work may take the process with it. */
import { parseArgs } from 'node:util';
import { availableThreads } from '../../threads.ts';
import { createTensorflowEngine } from '../engine.ts';
import { loadNative } from '../native/load.ts';
import { compareStep } from './self-test-step.ts';

const { values } = parseArgs({ options: { addon: { type: 'string', default: '' } } });
const installation = { addon: values.addon, version: 'under test' };
const threads = availableThreads();
const { binding, usesGpu, log } = loadNative({ threads, device: 'auto', deterministic: true }, installation);
// Who started this process reads TensorFlow's log for why a card is not used.
process.stderr.write(log);
const comparison = await compareStep(() => createTensorflowEngine({ threads }, installation));
process.stdout.write(`${JSON.stringify({ version: binding.TF_Version, usesGpu, ...comparison })}\n`);

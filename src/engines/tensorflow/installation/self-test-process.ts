/** @file The process of the self-test: a native module that does not work may take the process with it. */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { createTensorflowEngine } from '../engine.ts';
import { loadNative } from '../native.ts';
import { compareStep } from './self-test-step.ts';

const { values } = parseArgs({ options: { addon: { type: 'string', default: '' } } });
const installation = { addon: values.addon, version: 'under test' };
const threads = cpus().length;
const { binding, usesGpu } = loadNative({ threads, device: 'auto' }, installation);
const comparison = await compareStep(() => createTensorflowEngine({ threads }, installation));
process.stdout.write(`${JSON.stringify({ version: binding.TF_Version, usesGpu, ...comparison })}\n`);

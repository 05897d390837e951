/** @file The process of the self-test: a native module that does not work may take the process with it. */
import { parseArgs } from 'node:util';
import { createEagerEngine, loadAddon } from './eager-backend.ts';
import { compareStep } from './self-test-step.ts';

const { values } = parseArgs({ options: { addon: { type: 'string', default: '' } } });
const binding = loadAddon(values.addon);
const usesGpu = binding.isUsingGpuDevice();
const comparison = await compareStep(() => createEagerEngine(values.addon));
process.stdout.write(`${JSON.stringify({ version: binding.TF_Version, usesGpu, ...comparison })}\n`);

/** @file npm run device-check: whether the graphics card of this machine computes rightly, and how fast. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { UserError } from '../../src/errors.ts';
import { printTable } from '../../src/terminal/output.ts';
import { type EpochCheck, type StepCheck, TIME_IS_UP } from './device.ts';
import { renderMarkdown, type TimedStep } from './markdown.ts';
import type { PytorchCheck } from './pytorch.ts';
import type { TensorflowCheck } from './tensorflow.ts';
import type { WebGpuCheck } from './webgpu.ts';

const HELP = `npm run device-check [-- options]

Checks the graphics card of this machine: training steps against the processor, their times, an epoch. By WebGPU,
by TensorFlow where it is installed, in every form in which it can run a step, and beside PyTorch where a Python
(TD_PYTHON, else python3) has it. Needs no network. Prints tables, and writes them as Markdown beside one JSON file.

  --networks <names>  lenet,resnet20,resnet32,vgg16 (default: all)
  --engines <names>   webgpu,tensorflow,pytorch (default: all)
  --seconds <n>       time for the steps of a network (default: 3)
  --steps <n>         at most so many steps (default: 50)
  --epoch-seconds <n> an epoch that takes longer is broken off (default: 40)
  --minutes <n>       for all; what is not begun by then is left out (default: 8)
  --out <file>        where the JSON goes (default: device-check.json)
  --help              print this help
`;

const ENGINES = ['webgpu', 'tensorflow', 'pytorch'] as const;
/** Milliseconds for what was begun before the time was up. */
const RESERVE = 20_000;

const { values } = parse();
if (values.help) process.stdout.write(HELP);
else await check();
process.exit(Number(process.exitCode ?? 0));

function parse() {
  try {
    return parseArgs({
      options: {
        networks: { type: 'string' },
        engines: { type: 'string', default: ENGINES.join() },
        seconds: { type: 'string', default: '3' },
        steps: { type: 'string', default: '50' },
        'epoch-seconds': { type: 'string', default: '40' },
        minutes: { type: 'string', default: '8' },
        out: { type: 'string', default: 'device-check.json' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return refuse((error as Error).message);
  }
}

async function check(): Promise<void> {
  const { CHECKED_NETWORKS } = await import('./device.ts');
  const networks = words('networks', values.networks ?? CHECKED_NETWORKS.join(), CHECKED_NETWORKS);
  const engines = words('engines', values.engines, ENGINES);
  const options = {
    networks,
    seconds: positive('seconds'),
    steps: positive('steps'),
    epochSeconds: positive('epoch-seconds'),
    onProgress: (line: string) => process.stderr.write(`${line}\n`),
  };
  const { checkTensorflow, describeCards } = await import('./tensorflow.ts');
  const began = performance.now();
  const end = Date.now() + 60_000 * positive('minutes') - RESERVE;
  const cards = await describeCards();
  /** What is left is shared by what is left to do. */
  const timed = (name: (typeof ENGINES)[number]) => {
    const left = engines.slice(engines.indexOf(name)).length;
    return { ...options, deadline: Date.now() + (end - Date.now()) / left };
  };
  const webgpu = engines.includes('webgpu')
    ? await (await import('./webgpu.ts')).checkWebGpu(timed('webgpu'))
    : undefined;
  const tensorflow = engines.includes('tensorflow') ? await checkTensorflow(timed('tensorflow')) : undefined;
  const pytorch = engines.includes('pytorch')
    ? await (await import('./pytorch.ts')).checkPytorch(timed('pytorch'))
    : undefined;
  const seconds = Math.round((performance.now() - began) / 1000);
  writeFileSync(values.out, `${JSON.stringify({ cards, seconds, webgpu, tensorflow, pytorch }, null, 2)}\n`);
  process.stdout.write(`cards: ${cards}\n`);
  if (webgpu !== undefined) printWebGpu(webgpu);
  if (tensorflow !== undefined) printTensorflow(tensorflow);
  if (pytorch !== undefined) printPytorch(pytorch);
  const markdown = `${values.out.replace(/\.json$/, '')}.md`;
  writeFileSync(markdown, renderMarkdown(cards, rowsOf(webgpu, tensorflow), pytorch?.steps ?? []));
  process.stdout.write(`\n${seconds} s in all; written: ${values.out}, ${markdown}\n`);
  if (!isRight(webgpu, tensorflow)) process.exitCode = 1;
}

function printWebGpu(found: WebGpuCheck): void {
  process.stdout.write(`\nWebGPU: ${found.device}\n`);
  if (found.adapter.kind === 'none') return;
  printSteps(found.steps.map((row) => [[], row]));
  printEpochs(found.epochs);
  process.stdout.write(`peak memory of the process ${found.peakMegabytes} MB\n`);
}

function printTensorflow(found: TensorflowCheck): void {
  const place = found.usesGpu ? 'on the graphics card' : 'on the processor: no graphics card is used';
  process.stdout.write(`\nTensorFlow: ${found.isPresent ? `${found.version}, ${place}` : found.version}\n`);
  if (found.cardNote !== undefined) process.stdout.write(`${found.cardNote}\n`);
  for (const note of [...found.failures, ...found.notes]) process.stdout.write(`${note}\n`);
  if (found.forms.length === 0) return;
  printSteps(
    found.forms.map((row) => [[row.form, row.repeats === undefined ? '' : row.repeats ? 'yes' : 'no'], row]),
    ['form', 'same bits twice'],
  );
  printEpochs(found.epochs);
  const elsewhere = Object.entries(found.placement).filter(([name]) => !name.endsWith(' on GPU'));
  if (!found.usesGpu) return;
  process.stdout.write(
    `placed elsewhere than on the card: ${elsewhere.map(String).join('; ') || 'nothing'}\n`,
  );
}

function printPytorch({ version, steps }: PytorchCheck): void {
  process.stdout.write(`\n${version}\n`);
  if (steps.length === 0) return;
  printTable(
    ['network', 'variant', 'step (ms)', 'layout'],
    steps.map((row) => [
      row.network,
      row.variant,
      row.failure ?? number(row.stepMilliseconds, 2),
      row.layout ?? '',
    ]),
  );
}

/** Steps of td by the way in which they ran. */
function rowsOf(webgpu: WebGpuCheck | undefined, tensorflow: TensorflowCheck | undefined): TimedStep[] {
  return [
    ...(webgpu?.steps ?? []).map((row) => ({ ...row, way: 'WebGPU' })),
    ...(tensorflow?.forms ?? []).map((row) => ({ ...row, way: `TensorFlow, ${row.form}` })),
  ];
}

/** @param more cells of each row that stand before the others, under a header of their own */
function printSteps(rows: readonly (readonly [string[], StepCheck])[], more: readonly string[] = []): void {
  printTable(
    [...more, 'network', 'variant', 'batch', 'right', 'difference', 'step (ms)', 'compile (ms)', 'card (MB)'],
    rows.map(([cells, row]) => [
      ...cells,
      row.network,
      row.variant,
      String(row.batchSize),
      row.failure ?? (row.isRight ? 'yes' : `no: ${row.where}`),
      row.difference?.toExponential(1) ?? '',
      number(row.stepMilliseconds, 2),
      number(row.compileMilliseconds, 0),
      number(row.cardMegabytes, 0),
    ]),
  );
}

function printEpochs(epochs: readonly EpochCheck[]): void {
  printTable(
    ['epoch of', 'images', 'steps', 'seconds', 'test accuracy'],
    epochs.map((row) => [
      row.network,
      row.images,
      String(row.steps ?? ''),
      row.failure ?? number(row.seconds, 1),
      number(row.accuracy, 4),
    ]),
  );
}

function number(value: number | undefined, digits: number): string {
  return value?.toFixed(digits) ?? '';
}

/**
 * Whether something was checked, and all of it was right. A form that XLA refuses is told in the table, and so is what the time did not
 * reach to: neither is an error.
 */
function isRight(webgpu: WebGpuCheck | undefined, tensorflow: TensorflowCheck | undefined): boolean {
  const rows = [...(webgpu?.steps ?? []), ...(tensorflow?.forms ?? [])];
  const isLeftOut = (row: StepCheck) => row.failure === TIME_IS_UP;
  const isRefused = (row: StepCheck) =>
    'form' in row && String(row.form).startsWith('XLA') && row.failure !== undefined;
  return (
    rows.some((row) => row.isRight) &&
    rows.every((row) => row.isRight || isRefused(row) || isLeftOut(row)) &&
    (tensorflow?.failures.length ?? 0) === 0
  );
}

function words<T extends string>(flag: string, text: string, valid: readonly T[]): T[] {
  const given = text.split(',').map((word) => word.trim());
  const unknown = given.find((word) => !(valid as readonly string[]).includes(word));
  if (unknown !== undefined)
    refuse(`--${flag}: there is no "${unknown}", expected some of ${valid.join(', ')}`);
  return valid.filter((word) => given.includes(word));
}

function positive(name: 'seconds' | 'steps' | 'epoch-seconds' | 'minutes'): number {
  const text = values[name];
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  return refuse(`--${name} is "${text}", expected a whole number above 0`);
}

function refuse(message: string): never {
  process.stderr.write(`device-check: ${new UserError(message).message}\n`);
  process.exit(2);
}

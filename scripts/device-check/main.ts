/** @file npm run device-check: whether the graphics card of this machine computes rightly, and how fast. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { printTable } from '../../src/cli/output.ts';
import { UserError } from '../../src/errors.ts';

const HELP = `npm run device-check [-- options]

Checks the graphics card of this machine: training steps against the processor, their times, an epoch.
Needs no network. Prints tables and writes one JSON file.

  --networks <names>  lenet,resnet20,resnet32,vgg16 (default: all)
  --seconds <n>       time for the steps of a network (default: 10)
  --steps <n>         at most so many steps (default: 100)
  --epoch-seconds <n> an epoch that takes longer is broken off (default: 90)
  --out <file>        where the JSON goes (default: device-check.json)
  --help              print this help
`;

const { values } = parse();
if (values.help) process.stdout.write(HELP);
else await check();
process.exit(Number(process.exitCode ?? 0));

function parse() {
  try {
    return parseArgs({
      options: {
        networks: { type: 'string' },
        seconds: { type: 'string', default: '10' },
        steps: { type: 'string', default: '100' },
        'epoch-seconds': { type: 'string', default: '90' },
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
  const networks = values.networks?.split(',') ?? CHECKED_NETWORKS;
  const unknown = networks.find((name) => !(CHECKED_NETWORKS as readonly string[]).includes(name));
  if (unknown !== undefined)
    refuse(`--networks: there is no "${unknown}", expected some of ${CHECKED_NETWORKS.join(', ')}`);
  const limits = {
    networks,
    seconds: positive('seconds'),
    steps: positive('steps'),
    epochSeconds: positive('epoch-seconds'),
  };
  const { checkWebGpu } = await import('./webgpu.ts');
  const found = await checkWebGpu({ ...limits, onProgress: (line) => process.stderr.write(`${line}\n`) });
  writeFileSync(values.out, `${JSON.stringify(found, null, 2)}\n`);
  process.stdout.write(`${found.device}\n`);
  const number = (value: number | undefined, digits: number) => value?.toFixed(digits) ?? '';
  printTable(
    ['network', 'variant', 'batch', 'right', 'difference', 'step (ms)', 'compile (ms)', 'card (MB)'],
    found.steps.map((row) => [
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
  printTable(
    ['epoch of', 'images', 'steps', 'seconds', 'test accuracy'],
    found.epochs.map((row) => [
      row.network,
      row.images,
      String(row.steps ?? ''),
      row.failure ?? number(row.seconds, 1),
      number(row.accuracy, 4),
    ]),
  );
  process.stdout.write(`peak memory of the process ${found.peakMegabytes} MB; written: ${values.out}\n`);
  const isRight = found.adapter.kind !== 'none' && found.steps.every((row) => row.isRight);
  if (!isRight) process.exitCode = 1;
}

function positive(name: 'seconds' | 'steps' | 'epoch-seconds'): number {
  const text = values[name];
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  return refuse(`--${name} is "${text}", expected a whole number above 0`);
}

function refuse(message: string): never {
  process.stderr.write(`device-check: ${new UserError(message).message}\n`);
  process.exit(2);
}

/** @file Tries a native module in a process of its own: one training step of LeNet-5 against the reference engine. */
import { z } from 'zod';
import { scriptWords } from '../../../child-script.ts';
import { InstallationError } from './errors.ts';
import { usedCards } from './graphics-card.ts';
import { type Ended, lastLine, runProgram } from './run-program.ts';

/** Float32 in another order of summation differs by some 1e-6; a wrong kernel by more than this. */
const TOLERANCE = 1e-4;

const outcomeSchema = z.object({
  version: z.string(),
  usesGpu: z.boolean(),
  seconds: z.number(),
  /** JSON knows no infinity and writes null. */
  largestDifference: z.number().nullable(),
  where: z.string(),
  largestChange: z.number(),
});

export interface SelfTest {
  /** TensorFlow's version, as its library says it. */
  readonly version: string;
  /** `CPU`, or `GPU (NVIDIA A40)`. */
  readonly devices: readonly string[];
  /** Of creating the engine, compiling and the first step. */
  readonly seconds: number;
  readonly largestDifference: number;
  /** Everything that TensorFlow logged. */
  readonly log: string;
}

/** @throws InstallationError if it does not load, crashes or computes something else */
export async function testAddon(addon: string, signal?: AbortSignal): Promise<SelfTest> {
  const script = scriptWords(import.meta.dirname, 'self-test-process');
  const ended = await runProgram(process.execPath, [...script, '--addon', addon], {
    environment: {
      ...process.env,
      TF_CPP_MIN_LOG_LEVEL: '0',
      // The loader says which library it did not find at this level alone.
      TF_CPP_VMODULE: 'dso_loader=1',
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
      // Cards round the operands of products to 10 bits by default, and the comparison would have to allow that.
      NVIDIA_TF32_OVERRIDE: '0',
    },
    signal,
  });
  return judge(ended);
}

/** @throws InstallationError if the process did not end well, or the step came out differently */
export function judge(ended: Ended): SelfTest {
  if (ended.code !== 0) throw new InstallationError(`the self-test failed: ${describeCrash(ended)}`);
  const { usesGpu, largestDifference, where, largestChange, version, seconds } = outcomeSchema.parse(
    JSON.parse(lastLine(ended.stdout)),
  );
  const difference = largestDifference ?? Number.POSITIVE_INFINITY;
  if (!(difference <= TOLERANCE && largestChange > TOLERANCE)) {
    throw new InstallationError(
      `the self-test failed: a training step of LeNet-5 differs from the reference engine by ${difference.toPrecision(2)} at ${where}, expected at most ${TOLERANCE}`,
    );
  }
  const cards = usedCards(ended.stderr);
  const devices = usesGpu ? (cards.length > 0 ? cards : ['CUDA']).map((name) => `GPU (${name})`) : ['CPU'];
  return { version, devices, seconds, largestDifference: difference, log: ended.stderr };
}

function describeCrash({ stderr, endedBy, code }: Ended): string {
  if (endedBy === 'SIGILL') {
    return 'this processor does not know the instructions (AVX) that TensorFlow was built for';
  }
  if (endedBy === 'SIGKILL')
    return 'the system ended it, most likely for want of memory; it takes about 1 GB';
  const missing = /(\S+): cannot open shared object file/.exec(stderr)?.[1];
  if (missing !== undefined) return `the library ${missing} does not load`;
  const version = /version [`'](GLIBC\S+|CXXABI\S+|GLIBCXX\S+)' not found/.exec(stderr)?.[1];
  if (version !== undefined) return `this system's libraries are older than TensorFlow needs (${version})`;
  const said = stderr.split('\n').find((line) => /^\w*Error\b|Check failed|^F\d{4} /.test(line));
  // The advice to install TensorFlow makes no sense while it is being installed.
  return (
    said?.replace(/; "td engines install.*/, '').trim() ??
    `its process ended with ${endedBy ?? `exit code ${code}`}`
  );
}

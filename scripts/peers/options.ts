/** @file The command line of the benchmark. */
import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { INSTALL_COMMAND } from '../../src/engines/tensorflow/installation/locate.ts';
import { choiceOption, countOption } from '../../src/terminal/options.ts';
import { listOption, parseFlags, parseWords } from '../command-line.ts';
import { CHOICES, type Choice, PRECISIONS, type Precision } from './sides.ts';
import {
  IMAGES,
  type Images,
  SUBJECTS,
  type Subject,
  VARIANTS,
  type Variant,
  WORKLOADS,
  type Workload,
} from './workloads.ts';

export interface PeerOptions {
  /** Absent: all that can run here. */
  readonly sides?: readonly Choice[];
  /** Absent: float32, and bfloat16 where the processor has it. */
  readonly precision?: readonly Precision[];
  readonly only: readonly Workload[];
  readonly variants: readonly Variant[];
  readonly what: readonly Subject[];
  readonly images: Images;
  readonly rounds: number;
  readonly threads: number;
  readonly out: string;
  /** Compare the results and time nothing. */
  readonly checkOnly: boolean;
  /** Keep what `out` has, and measure only what it lacks. */
  readonly resume: boolean;
}

/** As commander returns them. */
type GivenOptions = Omit<PeerOptions, 'only' | 'checkOnly' | 'resume'> & {
  readonly only: readonly string[];
  readonly checkOnly?: boolean;
  readonly resume?: boolean;
};

export const NAME = 'bench:peers';

const HELP = `
All sides first show that they compute the same. Then each has a process of its own,
and they take turns: MNIST's networks on the first of its training images, others on
noise, as standardised images of colours nearly are. Times are medians; "÷ PyTorch"
is the ratio to the faster of PyTorch's two memory layouts in the same precision. A
row that other programs disturbed is measured again, up to three times; if it never
was undisturbed, it has no ratios, and --resume measures it in another call.

TensorFlow: ${INSTALL_COMMAND}
PyTorch: npm run bench:install. An interpreter that has another one is named by the
environment variable TD_PYTHON.

Example:
  npm run ${NAME} -- --sides onnx,tensorflow --only mlp,lenet --rounds 3

Exit codes:
  0  done
  1  two sides disagree, one of them failed, or a row was disturbed at every try
  2  a mistake in the command line, or a side that was asked for is not installed`;

/**
 * Parses the command line.
 *
 * @param parameters without the names of the interpreter and the script
 * @throws UserError, or commander's own error, which has been printed
 */
export function parseOptions(parameters: readonly string[]): PeerOptions {
  const {
    only,
    checkOnly = false,
    resume = false,
    ...options
  } = parseFlags<GivenOptions>(createCommand(), NAME, parameters);
  const workloads = WORKLOADS.filter(({ name }) => only.includes(name));
  return { ...options, only: workloads, checkOnly, resume };
}

function createCommand(): Command {
  const names = WORKLOADS.map(({ name }) => name);
  return new Command(NAME)
    .description(
      'Times training steps and evaluations of td, on each of its engines, beside the same in PyTorch.',
    )
    .addHelpText('after', HELP)
    .addOption(sidesOption())
    .addOption(precisionOption())
    .addOption(listOption('--only <workloads>', 'networks', names))
    .addOption(listOption('--variants <variants>', 'methods', VARIANTS))
    .addOption(listOption('--what <what>', 'what is timed', SUBJECTS))
    .addOption(
      choiceOption(
        '--images <kind>',
        "what batches are of, MNIST's own images for its networks or noise for all",
        IMAGES,
      ),
    )
    .addOption(countOption('--rounds <n>', 'turns of each side').default(5))
    .addOption(
      countOption('--threads <n>', 'threads of each side').default(availableParallelism(), 'all cores'),
    )
    .option('--out <file>', 'the table as CSV', 'results/bench/peers.csv')
    .option('--resume', 'keep the rows of that file; measure what it lacks, and what was disturbed')
    .option('--check-only', 'compare what all sides compute, and time nothing');
}

function sidesOption(): Option {
  const description = `what is compared: ${CHOICES.join(', ')} (default: all that can run here)`;
  return new Option('--sides <sides>', description).argParser((text) => parseWords(text, CHOICES, '--sides'));
}

function precisionOption(): Option {
  const rule = 'float32, and bfloat16 where the processor has AVX-512 BF16 or AMX';
  return new Option('--precision <precisions>', `${PRECISIONS.join(', ')} (default: ${rule})`).argParser(
    (text) => parseWords(text, PRECISIONS, '--precision'),
  );
}

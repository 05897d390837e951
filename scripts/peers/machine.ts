/** @file What rows of the benchmark were measured with: versions, commit, machine. */
import { collectEnvironment } from '../../src/runs/environment.ts';
import { describeCount } from '../../src/terminal/words.ts';
import type { Participants } from './participants.ts';

/** `td 0.1.0 (1a2b3c4), onnxruntime 1.30.0, PyTorch 2.15.0 on AMD EPYC, 2 cores`: rows with another text are not comparable. */
export function describeMachine({ sides, tensorflow, python }: Participants): string {
  const environment = collectEnvironment({ engine: 'onnx', device: 'CPU' });
  const { cpu, cores, versions, commit, skippedPasses } = environment;
  const library = python?.libraries.length ? ` with ${python.libraries.join(', ')}` : '';
  const parts = [
    `td ${versions.td}${commit === undefined ? '' : ` (${commit})`}`,
    ...(skippedPasses === 'none' ? [] : [`without ${skippedPasses}`]),
    ...(sides.includes('onnx') ? [`onnxruntime ${versions['onnxruntime-node']}`] : []),
    ...(tensorflow === undefined ? [] : [`TensorFlow ${tensorflow}`]),
    ...(python === undefined ? [] : [`PyTorch ${python.torch}${library}`]),
  ];
  return `${parts.join(', ')} on ${cpu}, ${describeCount(cores, 'core')}`;
}

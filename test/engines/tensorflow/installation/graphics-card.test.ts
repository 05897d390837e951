/** @file A card that is there but not used is told in one sentence with the reason. */
import { describe, expect, it } from 'vitest';
import {
  type CardUse,
  explainUnusedCard,
  findCards,
  parseNvidiaSmi,
  usedCards,
} from '../../../../src/engines/tensorflow/installation/graphics-card.ts';
import { temporaryFolder } from '../../../runs/temporary.ts';
import { siteWith, writeProgram } from './fakes.ts';

const A40 = { names: ['NVIDIA A40'], driver: '535.104.05' };

/** What TensorFlow 2.21 says before it looks for a card, as it was printed on a machine without one. */
const PREAMBLE = `WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795879174.768276   14473 port.cc:153] oneDNN custom operations are on. You may see slightly different numerical results due to floating-point round-off errors from different computation orders. To turn them off, set the environment variable \`TF_ENABLE_ONEDNN_OPTS=0\`.
I0000 00:00:1795879174.806571   14473 cpu_feature_guard.cc:227] This TensorFlow binary is optimized to use available CPU instructions in performance-critical operations.
To enable the following instructions: AVX2 AVX512F AVX512_VNNI AVX512_BF16 AVX_VNNI FMA, in other operations, rebuild TensorFlow with the appropriate compiler flags.
`;
const NO_LIBCUDA = `I0000 00:00:1795879174.769387   14473 cudart_stub.cc:31] Could not find cuda drivers on your machine, GPU will not be used.
I0000 00:00:1795879174.807156   14473 dso_loader.cc:144] Could not load dynamic library 'libcuda.so.1'; dlerror: libcuda.so.1: cannot open shared object file: No such file or directory
E0000 00:00:1795879174.807192   14473 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: Failed call to cuInit: UNKNOWN ERROR (303)
`;

function explain(log: string, changes: Partial<CardUse> = {}): string | undefined {
  return explainUnusedCard({
    cards: A40,
    devices: ['CPU'],
    build: 'gpu',
    version: '2.21.0',
    capabilities: ['6.0', '7.0', '8.0', '8.9', '9.0'],
    log: PREAMBLE + log,
    visibleDevices: undefined,
    isGpuOffered: true,
    ...changes,
  });
}

describe('a card', () => {
  it('that is not there is not missed, whatever TensorFlow logs', () => {
    expect(explain(NO_LIBCUDA, { cards: { names: [], driver: undefined } })).toBeUndefined();
  });

  it('that is used needs no explanation', () => {
    const log =
      'I0000 00:00:1699999999.1 1 gpu_device.cc:2020] Created device /job:localhost/replica:0/task:0/device:GPU:0 with 43556 MB memory:  -> device: 0, name: NVIDIA A40, pci bus id: 0000:65:00.0, compute capability: 8.6\n';
    expect(usedCards(log)).toEqual(['NVIDIA A40']);
    expect(explain(log, { devices: ['GPU (NVIDIA A40)'] })).toBeUndefined();
  });

  it('that is newer than the build is said to be slow at first', () => {
    const log =
      'W0000 00:00:1700000000.1 1 gpu_device.cc:2430] TensorFlow was not built with CUDA kernel binaries compatible with compute capability 12.0. CUDA kernels will be jit-compiled from PTX, which could take 30 minutes or longer.\n';
    const cards = { names: ['NVIDIA GeForce RTX 5090'], driver: '570.86.16' };
    expect(explain(log, { cards, devices: ['GPU (NVIDIA GeForce RTX 5090)'] })).toBe(
      'NVIDIA GeForce RTX 5090 is newer than this build of TensorFlow: its kernels are translated for compute capability 12.0 at first use, which may take half an hour once',
    );
  });

  it.each<[string, string, Partial<CardUse>, string]>([
    [
      'under the build for the processor',
      '',
      { build: 'cpu' },
      `this is TensorFlow's build for the processor alone; "td engines install tensorflow --gpu" brings the one with CUDA`,
    ],
    [
      'on a kind of machine for which there is no build with CUDA',
      '',
      { build: 'cpu', isGpuOffered: false },
      "this is TensorFlow's build for the processor alone; there is none with CUDA for this kind of machine",
    ],
    [
      'in a container that lacks the library of the driver',
      NO_LIBCUDA,
      {},
      'the library of its driver, libcuda.so.1, does not load; in a container, NVIDIA_DRIVER_CAPABILITIES must have "compute"',
    ],
    [
      'beside a TensorFlow that was installed without the libraries of NVIDIA',
      `I0000 00:00:1700000000.1 1 dso_loader.cc:144] Could not load dynamic library 'libcudnn.so.9'; dlerror: libcudnn.so.9: cannot open shared object file: No such file or directory
I0000 00:00:1700000000.1 1 dso_loader.cc:144] Could not load dynamic library 'libnvinfer.so.10'; dlerror: libnvinfer.so.10: cannot open shared object file: No such file or directory
I0000 00:00:1700000000.1 1 dso_loader.cc:144] Could not load dynamic library 'libcufft.so.11'; dlerror: libcufft.so.11: cannot open shared object file: No such file or directory
W0000 00:00:1700000000.2 1 gpu_device.cc:2341] Cannot dlopen some GPU libraries. Please make sure the missing libraries mentioned above are installed properly if you would like to use GPU. Follow the guide at https://www.tensorflow.org/install/gpu for how to download and setup the required libraries for your platform.
Skipping registering GPU devices...
`,
      {},
      `libcudnn.so.9, libcufft.so.11 do not load; "td engines install tensorflow --gpu" brings NVIDIA's libraries, or "pip install tensorflow[and-cuda]==2.21.0" in the Python whose TensorFlow this is`,
    ],
    [
      'with an old driver',
      'E0000 00:00:1700000000.1 1 gpu_executor.cc:99] failed to create stream: INTERNAL: CUDA driver version is insufficient for CUDA runtime version\n',
      { cards: { names: ['NVIDIA A40'], driver: '470.57.02' } },
      "its driver 470.57.02 is too old for this build's CUDA; driver 525 or newer is needed",
    ],
    [
      'whose driver was updated under a running kernel',
      `E0000 00:00:1700000000.1 1 cuda_diagnostics.cc:210] kernel reported version is: 535.104.5
E0000 00:00:1700000000.1 1 cuda_diagnostics.cc:295] kernel version 535.104.5 does not match DSO version 550.54.14 -- cannot find working devices in this configuration\n`,
      {},
      'the kernel still runs another version of its driver than the libraries are of; a restart of the machine mends that',
    ],
    [
      'too old for the build',
      'I0000 00:00:1700000000.1 1 gpu_device.cc:2120] Ignoring visible gpu device (device: 0, name: Tesla K80, pci bus id: 0000:00:1e.0, compute capability: 3.7) with Cuda compute capability 3.7. The minimum required Cuda capability is 6.0.\n',
      { cards: { names: ['Tesla K80'], driver: '470.57.02' } },
      'its compute capability 3.7 is below the 6.0 that this build needs (it has kernels for 6.0, 7.0, 8.0, 8.9, 9.0)',
    ],
    [
      'for which the build has no kernels',
      'F0000 00:00:1700000000.1 1 x.cc:1] CUDA_ERROR_NO_BINARY_FOR_GPU: no kernel image is available for execution on the device\n',
      { capabilities: [] },
      'this build has no kernels that it can run',
    ],
    [
      'with few multiprocessors',
      'I0000 00:00:1700000000.1 1 gpu_device.cc:2138] Ignoring visible gpu device (device: 0, name: Quadro K620, pci bus id: 0000:01:00.0, compute capability: 6.1) with core count: 3. The minimum required count is 8. You can adjust this requirement with the env var TF_MIN_GPU_MULTIPROCESSOR_COUNT.\n',
      {},
      'it has 3 multiprocessors and TensorFlow uses cards with 8 or more; the environment variable TF_MIN_GPU_MULTIPROCESSOR_COUNT=3 allows it',
    ],
    [
      'that is hidden',
      'E0000 00:00:1700000000.1 1 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: Failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected\n',
      { visibleDevices: '-1' },
      'the environment variable CUDA_VISIBLE_DEVICES is "-1", which hides it',
    ],
    [
      'that CUDA does not find',
      'E0000 00:00:1700000000.1 1 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: Failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected\n',
      {},
      'CUDA finds no device; another setting hides it from this process',
    ],
    [
      'whose memory is taken',
      'E0000 00:00:1700000000.1 1 cuda_executor.cc:1] failed to allocate context: CUDA_ERROR_OUT_OF_MEMORY: out of memory\n',
      {},
      'its memory is taken by another process; nvidia-smi shows by which',
    ],
    [
      'that is not used for a reason that nobody has met',
      'E0000 00:00:1700000000.1 1 cuda_platform.cc:52] failed call to cuInit: something about CUDA\n',
      {},
      'TensorFlow says: failed call to cuInit: something about CUDA',
    ],
    ['that TensorFlow is silent about', '', {}, 'TensorFlow says: nothing about it'],
  ])('%s is told so', (_, log, changes, reason) => {
    const name = changes.cards?.names[0] ?? 'NVIDIA A40';
    const said = explain(log, changes);
    expect(said).toBe(`${name} is there but not used: ${reason}`);
    expect(said).not.toContain('\n');
  });

  it('without a working driver is told before everything else', () => {
    const problem =
      "nvidia-smi says: NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.";
    expect(explain(NO_LIBCUDA, { cards: { names: [], driver: undefined, problem }, build: 'cpu' })).toBe(
      `an NVIDIA card is there but not used: its driver does not answer (${problem})`,
    );
  });
});

describe('nvidia-smi', () => {
  it('names the cards and their driver', () => {
    expect(parseNvidiaSmi('NVIDIA A40, 535.104.05\nNVIDIA A40, 535.104.05\n')).toEqual({
      names: ['NVIDIA A40', 'NVIDIA A40'],
      driver: '535.104.05',
    });
    for (const text of ['', 'No devices were found\n']) expect(parseNvidiaSmi(text).names).toEqual([]);
  });

  it('is asked where it is there', async () => {
    const folder = temporaryFolder();
    writeProgram(`${folder}/nvidia-smi`, 'echo "NVIDIA H200, 570.86.16"');
    const { environment } = siteWith([folder]);
    expect(await findCards(environment)).toEqual({ names: ['NVIDIA H200'], driver: '570.86.16' });
  });
});

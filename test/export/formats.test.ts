/** @file Exported files are read by the programs that they are for, and give the logits of td there. */

import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { compactNetwork } from '../../src/export/compact.ts';
import { foldBatchNorms } from '../../src/export/fold.ts';
import { encodeOnnx } from '../../src/export/formats/onnx.ts';
import { formats } from '../../src/export/formats/registry.ts';
import type { ExportedFile } from '../../src/export/formats/types.ts';
import { type Network, sizeOfNetwork } from '../../src/export/network.ts';
import { withPreprocessing } from '../../src/export/preprocessing.ts';
import { readNetwork } from '../../src/export/read-network.ts';
import { ExportedSession, runOnImages } from '../../src/export/session.ts';
import type { Model } from '../../src/models/types.ts';
import { CHROMIUM, openPage, startBrowser, WITHOUT } from '../report/chromium.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { useCpuBackend } from '../support/cpu-backend.ts';
import {
  createSmallModel,
  MODELS,
  type ModelName,
  randomImages,
  randomNumbers,
  withoutUnits,
} from './networks.ts';
import { itInPython, runPython } from './python.ts';

beforeAll(useCpuBackend);

const NAMES = Object.keys(MODELS) as ModelName[];
const IMAGES = 4;
const METADATA = { run: 'tiny/plain/seed-0-00000000', test_accuracy: '0.5' };

interface Sample {
  readonly model: Model;
  readonly network: Network;
  /** `[count, height, width, channels]` */
  readonly images: Float32Array;
}

/** A model with two thirds of its units taken out, so that all kinds of layers are there. */
function sample(name: ModelName, isFolded = true): Sample {
  const model = createSmallModel(name);
  const compact = compactNetwork(readNetwork(model, withoutUnits(model, randomNumbers(model), 0.6)));
  const network = isFolded ? foldBatchNorms(compact) : compact;
  return { model, network, images: randomImages(model, IMAGES) };
}

/** By onnxruntime, which `compact.test.ts` compares with td. */
async function logitsOf({ model, network, images }: Sample): Promise<Float32Array> {
  const session = await ExportedSession.open(encodeOnnx(network, {}), 1);
  onTestFinished(() => session.release());
  return runOnImages(session, images, model.inputShape, IMAGES);
}

function expectClose(actual: Iterable<number>, expected: Float32Array): void {
  const numbers = [...actual];
  expect(numbers).toHaveLength(expected.length);
  for (const [index, logit] of expected.entries())
    expect(Math.abs((numbers[index] ?? Number.NaN) - logit)).toBeLessThan(1e-5);
}

/** A line of JSON for each sample. */
async function expectPrinted(printed: string, samples: readonly Sample[]): Promise<void> {
  const lines = printed.trim().split('\n');
  expect(lines).toHaveLength(samples.length);
  for (const [index, own] of samples.entries())
    expectClose(JSON.parse(lines[index] ?? ''), await logitsOf(own));
}

function encode(format: string, network: Network, isSparse = false): readonly ExportedFile[] {
  return formats.get(format).encode(network, METADATA, isSparse);
}

/** Writes the only file of a format; returns its path. */
function writeOnly(format: string, network: Network, isSparse = false): string {
  const path = join(temporaryFolder(), 'network');
  const [file, other] = encode(format, network, isSparse);
  expect(other).toBeUndefined();
  writeFileSync(path, file?.bytes ?? '');
  return path;
}

/** Images as one line of JSON, channels before height and width. */
function writeImages({ images, model }: Sample): string {
  const path = join(temporaryFolder(), 'images.json');
  const tensor = tf.transpose(tf.tensor(images, [IMAGES, ...model.inputShape]), [0, 3, 1, 2]);
  writeFileSync(path, JSON.stringify(tensor.arraySync()));
  return path;
}

describe('an ONNX file', () => {
  const CHECK = `
import onnx, sys
for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 18)]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    print({p.key: p.value for p in model.metadata_props}["run"])
`;
  itInPython(
    'of every model passes the official checker, folded or not, and says what it is',
    ['onnx'],
    () => {
      const paths = NAMES.flatMap((name) => [
        writeOnly('onnx', sample(name).network),
        writeOnly('onnx', withPreprocessing(sample(name, false).network, 'standardize')),
      ]);
      expect(
        runPython(CHECK, ...paths)
          .trim()
          .split('\n'),
      ).toEqual(paths.map(() => METADATA.run));
    },
  );

  const RUN = `
import json, numpy, onnxruntime, sys
for path, images in zip(sys.argv[1::2], sys.argv[2::2]):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    images = numpy.array(json.load(open(images)), dtype=numpy.float32)
    whole = session.run(None, {"images": images})[0]
    one = session.run(["logits"], {"images": images[:1]})[0]
    assert numpy.allclose(whole[:1], one, atol=1e-5)
    print(json.dumps(whole.flatten().tolist()))
`;
  itInPython(
    "gives td's logits in Python's onnxruntime, for any number of images",
    ['numpy', 'onnxruntime'],
    async () => {
      const samples = NAMES.map((name) => sample(name));
      const files = samples.flatMap((own) => [writeOnly('onnx', own.network), writeImages(own)]);
      await expectPrinted(runPython(RUN, ...files), samples);
    },
  );
});

describe('preprocessing that is built in', () => {
  it.each(['scale', 'standardize'] as const)(
    'by "%s" makes of pixels what td makes of them',
    async (kind) => {
      const model = createSmallModel('lenet, first convolution too');
      const network = readNetwork(model, randomNumbers(model));
      const pixels = randomImages(model, IMAGES).map((x) => Math.round(Math.min(255, Math.abs(100 * x))));
      const size = pixels.length / IMAGES;
      const seen = pixels.map((pixel, index) => {
        if (kind === 'scale') return pixel / 255;
        const own = pixels.subarray(Math.floor(index / size) * size).subarray(0, size);
        const mean = own.reduce((sum, x) => sum + x, 0) / size;
        const variance = own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / size;
        return (pixel - mean) / Math.max(Math.sqrt(variance), 1 / Math.sqrt(size));
      });
      const expected = await logitsOf({ model, network, images: seen });
      const built = withPreprocessing(network, kind);
      expectClose(await logitsOf({ model, network: built, images: pixels }), expected);
    },
  );
});

describe('a folder for TensorFlow.js', () => {
  it.each(NAMES)("is a graph model that gives td's logits: %s", async (name) => {
    for (const isFolded of [true, false]) {
      const own = sample(name, isFolded);
      const [weights, description] = encode('tfjs', own.network);
      const model = JSON.parse(Buffer.from(description?.bytes ?? []).toString());
      const loaded = await tf.loadGraphModel(
        tf.io.fromMemory({
          modelTopology: model.modelTopology,
          weightSpecs: model.weightsManifest[0].weights,
          weightData: Uint8Array.from(weights?.bytes ?? []).buffer,
          signature: model.signature,
          format: model.format,
        }),
      );
      const images = tf.tensor(own.images, [IMAGES, ...own.model.inputShape]);
      const logits = loaded.predict(images) as tf.Tensor;
      expectClose(logits.dataSync(), await logitsOf(own));
      loaded.dispose();
    }
  });

  it.skipIf(CHROMIUM === undefined)(`is loaded by tf.loadGraphModel in a browser${WITHOUT}`, async () => {
    const own = sample('resnet');
    const files = new Map(encode('tfjs', own.network).map(({ name, bytes }) => [`/${name}`, bytes]));
    const library = readFileSync(join(import.meta.dirname, '../../node_modules/@tensorflow/tfjs/dist/tf.min.js')); // biome-ignore format: one line
    const server = createServer(({ url = '' }, response) => {
      if (url === '/tf.js') response.setHeader('Content-Type', 'text/javascript').end(library);
      else if (url === '/')
        response.setHeader('Content-Type', 'text/html').end('<link rel="icon" href="data:,"><script src="tf.js"></script>'); // biome-ignore format: one page
      else response.end(files.get(url));
    });
    const address = await listen(server);
    const browser = await startBrowser();
    onTestFinished(async () => {
      await browser.close();
      server.close();
    });
    const { page } = await openPage(browser, address);
    const logits = await page.evaluate(loadAndRun, { images: [...own.images], shape: [IMAGES, ...own.model.inputShape] }); // biome-ignore format: one call
    expectClose(logits, await logitsOf(own));
  });
});

/** Runs in the page. */
async function loadAndRun({
  images,
  shape,
}: {
  readonly images: number[];
  readonly shape: number[];
}): Promise<number[]> {
  const library = (globalThis as unknown as { readonly tf: typeof tf }).tf;
  await library.setBackend('cpu');
  const model = await library.loadGraphModel('model.json');
  const logits = model.predict(library.tensor(images, shape)) as tf.Tensor;
  return [...(await logits.data())];
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    });
  });
}

describe('a file for PyTorch', () => {
  const SCRIPTS = join(import.meta.dirname, '../../docs/export');
  const RUN = `
import json, sys
sys.path.insert(0, sys.argv[1])
import torch
from load_pytorch import load
for path, images in zip(sys.argv[2::2], sys.argv[3::2]):
    network, tensors, metadata = load(path)
    assert metadata["run"] == "${METADATA.run}"
    with torch.no_grad():
        logits = network(torch.tensor(json.load(open(images))))
    print(json.dumps(logits.flatten().tolist()))
`;
  itInPython(
    "is loaded by the script of the documentation, and gives td's logits",
    ['torch', 'safetensors'],
    async () => {
      const samples = NAMES.flatMap((name) => [sample(name), sample(name, false)]);
      const files = samples.flatMap((own) => [writeOnly('pytorch', own.network), writeImages(own)]);
      await expectPrinted(runPython(RUN, SCRIPTS, ...files), samples);
    },
  );
});

describe('a safetensors file', () => {
  const READ = `
import json, sys
sys.path.insert(0, sys.argv[1])
from read_sparse import read
arrays = read(sys.argv[2])
print(json.dumps({name: array.flatten().tolist() for name, array in arrays.items()}))
`;
  itInPython(
    'without zeros is smaller, and the script of the documentation gives every number back',
    ['numpy', 'safetensors'],
    () => {
      const model = createSmallModel('lenet');
      const numbers = randomNumbers(model);
      const sparse = Object.fromEntries(
        Object.entries(numbers).map(([name, array]) => [
          name,
          name === 'dense1/kernel' || name === 'conv2/kernel'
            ? (array as Float32Array).map((entry, index) => (index % 7 === 3 ? entry : 0))
            : array,
        ]),
      );
      const network = readNetwork(model, sparse);
      const [whole, small] = [false, true].map((isSparse) => encode('safetensors', network, isSparse)[0]);
      expect(small?.bytes.length).toBeLessThan(0.75 * (whole?.bytes.length ?? 0));
      const path = writeOnly('safetensors', network, true);
      const arrays = JSON.parse(runPython(READ, join(import.meta.dirname, '../../docs/export'), path));
      for (const { name } of model.parameters) expect(arrays[name]).toEqual([...(sparse[name] ?? [])]);
      expect(sizeOfNetwork(network).nonzero).toBeLessThan(sizeOfNetwork(network).parameters);
    },
  );
});

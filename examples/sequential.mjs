// A model of tfjs whose hidden layer is trained with targeted dropout, then pruned. Run it where targeted-dropout is
// installed: node sequential.mjs
import * as tf from '@tensorflow/tfjs';
import { pruneModel, TargetedDense } from 'targeted-dropout';

// Noisy pictures of ten patterns, 8 × 8 in grey.
const patterns = tf.randomNormal([10, 64], 0, 0.5, 'float32', 1);
const labels = tf.range(0, 1000).mod(10).toInt();
const images = patterns.gather(labels).add(tf.randomNormal([1000, 64], 0, 1, 'float32', 2));
const targets = tf.oneHot(labels, 10);

async function accuracies(dropRate, rates) {
  const start = (seed) => ({ kernelInitializer: tf.initializers.glorotUniform({ seed }) });
  const hidden = {
    units: 100,
    activation: 'relu',
    inputShape: [64],
    dropRate,
    targetRate: 0.9,
    seed: 3,
    ...start(4),
  };
  const model = tf.sequential();
  model.add(new TargetedDense(hidden));
  model.add(tf.layers.dense({ units: 10, activation: 'softmax', ...start(5) }));
  model.compile({
    optimizer: tf.train.momentum(0.05, 0.9),
    loss: 'categoricalCrossentropy',
    metrics: ['accuracy'],
  });
  await model.fit(images, targets, { epochs: 8, batchSize: 50, shuffle: false, verbose: 0 });
  return rates.map((rate) => {
    pruneModel(model, { rate });
    return model.evaluate(images, targets, { verbose: 0 })[1].dataSync()[0];
  });
}

const rates = [0, 0.5, 0.8, 0.9];
console.log('pruned   plain  targeted');
const [plain, targeted] = [await accuracies(0, rates), await accuracies(0.66, rates)];
rates.forEach((rate, index) => {
  console.log(
    `${(100 * rate).toFixed(0).padStart(4)} %   ${plain[index].toFixed(3)}     ${targeted[index].toFixed(3)}`,
  );
});

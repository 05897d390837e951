/** @file Whole programs of small steps as text, on each compiled engine: what runs when, and what is done in place. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { Signature, StepFunction } from '../../src/compiler/step.ts';
import { planProgram as planForOnnx, printProgram as printForOnnx } from '../../src/engines/onnx/plan.ts';
import { planForWebGpu, printForWebGpu } from '../../src/engines/onnx/webgpu/plan.ts';
import {
  planProgram as planForTensorflow,
  printProgram as printForTensorflow,
} from '../../src/engines/tensorflow/plan.ts';
import { useCpuBackend } from '../support/cpu-backend.ts';

await useCpuBackend();

const float = (...shape: number[]) => ({ shape, dtype: 'float32' }) as const;

/** A network with one hidden layer, trained with momentum and gradients clipped by their norm. */
const mlpSignature: Signature = {
  state: {
    w1: float(3, 4),
    w2: float(4, 2),
    'velocity/w1': float(3, 4),
    'velocity/w2': float(4, 2),
  },
  feeds: { x: float(5, 3), target: float(5, 2), rate: float() },
};
const mlp: StepFunction = (state, feeds) => {
  const { x, target, rate } = feeds as Record<string, tf.Tensor2D>;
  const names = ['w1', 'w2'];
  const loss = (first: tf.Tensor, second: tf.Tensor): tf.Scalar => {
    const hidden = tf.relu(tf.matMul(x as tf.Tensor2D, first as tf.Tensor2D));
    const error = tf.sub(tf.matMul(hidden, second as tf.Tensor2D), target as tf.Tensor2D);
    return tf.mean(tf.square(error));
  };
  const weights = names.map((name) => state[name] as tf.Tensor);
  const { value, grads } = tf.valueAndGrads(loss)(weights);
  const norm = tf.sqrt(tf.addN(grads.map((gradient) => tf.sum(tf.square(gradient)))));
  const factor = tf.div(1, tf.maximum(norm, 1));
  const next = names.flatMap((name, index) => {
    const gradient = tf.mul(grads[index] as tf.Tensor, factor);
    const velocity = tf.add(tf.mul(state[`velocity/${name}`] as tf.Tensor, 0.9), gradient);
    const weight = tf.sub(weights[index] as tf.Tensor, tf.mul(rate as tf.Tensor, velocity));
    return [[name, weight] as const, [`velocity/${name}`, velocity] as const];
  });
  return { state: Object.fromEntries(next), fetches: { loss: value } };
};

/** A convolution with the batch normalisation of evaluation, and ReLU. */
const evaluationSignature: Signature = {
  state: {
    filter: float(3, 3, 16, 16),
    scale: float(16),
    shift: float(16),
    mean: float(16),
    variance: float(16),
  },
  feeds: { images: float(2, 6, 6, 16) },
};
const evaluation: StepFunction = (state, feeds) => {
  const { filter, scale, shift, mean, variance } = state as Record<string, tf.Tensor>;
  const convolved = tf.conv2d(feeds.images as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same');
  const factor = tf.mul(scale as tf.Tensor, tf.rsqrt(tf.add(variance as tf.Tensor, 1e-3)));
  const normalized = tf.add(tf.mul(tf.sub(convolved, mean as tf.Tensor), factor), shift as tf.Tensor);
  return { state: {}, fetches: { features: tf.mean(tf.relu(normalized), [1, 2]) } };
};

describe('the training of two dense layers with momentum', () => {
  // A session would copy both arrays out into fresh memory, and go over each once for every operation.
  it('on the processor hands gradients out of the session, and one loop a layer updates weight and velocity in place', () => {
    expect(printForOnnx(planForOnnx(mlp, mlpSignature, { block: 16 }))).toMatchInlineSnapshot(`
      "in each run:
        input state/w1 float32[3,4]
        input state/w2 float32[4,2]
        input state/velocity/w1 float32[3,4]
        input state/velocity/w2 float32[4,2]
        input feed/x float32[5,3]
        input feed/target float32[5,2]
        input feed/rate float32[]
        %0 float32[5,4] = MatMul(feed/x, state/w1)
        %1 float32[5,4] = Relu(%0)
        %2 float32[5,2] = MatMul(%1, state/w2)
        %3 float32[5,2] = Sub(%2, feed/target)
        %4 float32[5,2] = Mul(%3, %3)
        %5 float32[] = ReduceMean(%4) {axes=[0,1] keepdims=0}
        %6 float32[] = Constant(1)
        %7 float32[5,2] = Constant(0.10000000149011612, 0.10000000149011612, 0.10000000149011612, 0.10000000149011612, …)
        %8 float32[] = Constant(2)
        %9 float32[5,2] = Mul(%3, %8)
        %10 float32[5,2] = Mul(%7, %9)
        %11 float32[5,4] = Gemm(%10, state/w2) {transA=0 transB=1}
        %12 float32[4,2] = Gemm(%1, %10) {transA=1 transB=0}
        %13 float32[] = Constant(0)
        %14 bool[5,4] = Greater(%0, %13)
        %15 float32[5,4] = Cast(%14)
        %16 float32[5,4] = Mul(%11, %15)
        %17 float32[3,4] = Gemm(feed/x, %16) {transA=1 transB=0}
        %18 float32[] = ReduceSumSquare(%17) {axes=[0,1] keepdims=0}
        %19 float32[] = ReduceSumSquare(%12) {axes=[0,1] keepdims=0}
        %20 float32[] = Add(%19, %18)
        %21 float32[] = Sqrt(%20)
        %22 float32[] = Max(%21, %6)
        %23 float32[] = Div(%6, %22)
        output fetch/loss = %5
        output update/0 = %17
        output update/1 = %23
        output update/2 = %12
      after each run, a loop over arrays in place:
        input update/0 float32[3,4]
        input update/1 float32[]
        input state/velocity/w1 float32[3,4]
        input feed/rate float32[]
        input state/w1 float32[3,4]
        %0 float32[] = Constant(0.8999999761581421)
        %1 float32[3,4] = Mul(update/0, update/1)
        %2 float32[3,4] = Mul(state/velocity/w1, %0)
        %3 float32[3,4] = Add(%2, %1)
        %4 float32[3,4] = Mul(feed/rate, %3)
        %5 float32[3,4] = Sub(state/w1, %4)
        output state/w1 = %5
        output state/velocity/w1 = %3
      after each run, a loop over arrays in place:
        input update/2 float32[4,2]
        input update/1 float32[]
        input state/velocity/w2 float32[4,2]
        input feed/rate float32[]
        input state/w2 float32[4,2]
        %0 float32[] = Constant(0.8999999761581421)
        %1 float32[4,2] = Mul(update/2, update/1)
        %2 float32[4,2] = Mul(state/velocity/w2, %0)
        %3 float32[4,2] = Add(%2, %1)
        %4 float32[4,2] = Mul(feed/rate, %3)
        %5 float32[4,2] = Sub(state/w2, %4)
        output state/w2 = %5
        output state/velocity/w2 = %3"
    `);
  });

  // Updates on the host would send all gradients across in each run.
  it('stays on a graphics card: the loss alone comes to the host in each run', () => {
    expect(printForWebGpu(planForWebGpu(mlp, mlpSignature))).toMatchInlineSnapshot(`
      "to bring the state to the card, and back to the host:
        input w1 float32[3,4]
        input w2 float32[4,2]
        input velocity/w1 float32[3,4]
        input velocity/w2 float32[4,2]
        output copy/w1 = w1
        output copy/w2 = w2
        output copy/velocity/w1 = velocity/w1
        output copy/velocity/w2 = velocity/w2
      in each run:
        input state/w1 float32[3,4]
        input state/w2 float32[4,2]
        input state/velocity/w1 float32[3,4]
        input state/velocity/w2 float32[4,2]
        input feed/x float32[5,3]
        input feed/target float32[5,2]
        input feed/rate float32[]
        %0 float32[5,4] = MatMul(feed/x, state/w1)
        %1 float32[5,4] = Relu(%0)
        %2 float32[5,2] = MatMul(%1, state/w2)
        %3 float32[5,2] = Sub(%2, feed/target)
        %4 float32[5,2] = Mul(%3, %3)
        %5 float32[] = ReduceMean(%4) {axes=[0,1] keepdims=0}
        %6 float32[] = Constant(1)
        %7 float32[5,2] = Constant(0.10000000149011612, 0.10000000149011612, 0.10000000149011612, 0.10000000149011612, …)
        %8 float32[] = Constant(2)
        %9 float32[5,2] = Mul(%3, %8)
        %10 float32[5,2] = Mul(%7, %9)
        %11 float32[5,4] = Gemm(%10, state/w2) {transA=0 transB=1}
        %12 float32[4,2] = Gemm(%1, %10) {transA=1 transB=0}
        %13 float32[] = Constant(0)
        %14 bool[5,4] = Greater(%0, %13)
        %15 float32[5,4] = Cast(%14)
        %16 float32[5,4] = Mul(%11, %15)
        %17 float32[3,4] = Gemm(feed/x, %16) {transA=1 transB=0}
        %18 float32[] = ReduceSumSquare(%17) {axes=[0,1] keepdims=0}
        %19 float32[] = ReduceSumSquare(%12) {axes=[0,1] keepdims=0}
        %20 float32[] = Add(%19, %18)
        %21 float32[] = Sqrt(%20)
        %22 float32[] = Max(%21, %6)
        %23 float32[] = Div(%6, %22)
        %24 float32[3,4] = Mul(%17, %23)
        %25 float32[] = Constant(0.8999999761581421)
        %26 float32[3,4] = Mul(state/velocity/w1, %25)
        %27 float32[3,4] = Add(%26, %24)
        %28 float32[3,4] = Mul(feed/rate, %27)
        %29 float32[3,4] = Sub(state/w1, %28)
        %30 float32[4,2] = Mul(%12, %23)
        %31 float32[4,2] = Mul(state/velocity/w2, %25)
        %32 float32[4,2] = Add(%31, %30)
        %33 float32[4,2] = Mul(feed/rate, %32)
        %34 float32[4,2] = Sub(state/w2, %33)
        output next/w1 = %29
        output next/velocity/w1 = %27
        output next/w2 = %34
        output next/velocity/w2 = %32
        output fetch/loss = %5
      results of a run are left in:
        next/w1 gpu-buffer
        next/velocity/w1 gpu-buffer
        next/w2 gpu-buffer
        next/velocity/w2 gpu-buffer
        fetch/loss cpu"
    `);
  });

  // Computed as new arrays, weights and velocities would take as much memory again as the old ones.
  it('leaves the gradients to TensorFlow, which updates its variables in place', () => {
    expect(printForTensorflow(planForTensorflow(mlp, mlpSignature))).toMatchInlineSnapshot(`
      "in each run, as one call:
        input state/w1 float32[3,4]
        input state/w2 float32[4,2]
        input state/velocity/w1 float32[3,4]
        input state/velocity/w2 float32[4,2]
        input feed/x float32[5,3]
        input feed/target float32[5,2]
        input feed/rate float32[]
        %0 float32[5,4] = BatchMatMul(feed/x, state/w1) {transposeA=false transposeB=false}
        %1 float32[5,4] = Relu(%0)
        %2 float32[5,2] = BatchMatMul(%1, state/w2) {transposeA=false transposeB=false}
        %3 float32[5,2] = Sub(%2, feed/target)
        %4 float32[5,2] = Square(%3)
        %5 float32[] = Mean(%4) {axes=[0,1] keepDims=false}
        %6 float32[] = Constant(1)
        %7 float32[5,2] = Constant(0.10000000149011612, 0.10000000149011612, 0.10000000149011612, 0.10000000149011612, …)
        %8 float32[] = Constant(2)
        %9 float32[5,2] = Multiply(%3, %8)
        %10 float32[5,2] = Multiply(%7, %9)
        %11 float32[5,4] = BatchMatMul(%10, state/w2) {transposeA=false transposeB=true}
        %12 float32[4,2] = BatchMatMul(%1, %10) {transposeA=true transposeB=false}
        %13 float32[5,4] = ReluGrad(%11, %1)
        %14 float32[3,4] = BatchMatMul(feed/x, %13) {transposeA=true transposeB=false}
        %15 float32[3,4] = Square(%14)
        %16 float32[] = Sum(%15) {axes=[0,1] keepDims=false}
        %17 float32[4,2] = Square(%12)
        %18 float32[] = Sum(%17) {axes=[0,1] keepDims=false}
        %19 float32[] = AddN(%18, %16)
        %20 float32[] = Sqrt(%19)
        %21 float32[] = Maximum(%20, %6)
        %22 float32[] = RealDiv(%6, %21)
        %23 float32[3,4] = Multiply(%14, %22)
        %24 float32[] = Constant(0.8999999761581421)
        %25 float32[4,2] = Multiply(%12, %22)
        output fetch/loss = %5
        output update/0 = feed/rate
        output update/1 = %23
        output update/2 = %24
        output update/3 = %25
      then, in place:
        state/velocity/w1 ← update/2 · state/velocity/w1 + update/1
        state/w1 ← state/w1 − update/0 · state/velocity/w1
        state/velocity/w2 ← update/2 · state/velocity/w2 + update/3
        state/w2 ← state/w2 − update/0 · state/velocity/w2"
    `);
  });
});

describe('the evaluation of a convolution with batch normalisation', () => {
  // What depends on the state alone would otherwise be computed for each batch of the test set.
  it('on the processor is one convolution, whose filters in blocks take the normalisation along and are made once for all runs', () => {
    expect(printForOnnx(planForOnnx(evaluation, evaluationSignature, { block: 16 }))).toMatchInlineSnapshot(`
      "whenever the state is written:
        input state/filter float32[3,3,16,16]
        input state/scale float32[16]
        input state/shift float32[16]
        input state/mean float32[16]
        input state/variance float32[16]
        %0 int32[144] = Constant(0, 1, 2, 3, …)
        %1 float32[] = Constant(0.0010000000474974513)
        %2 float32[144,16] = Reshape(state/filter)
        %3 float32[144,16] = Gather(%2, %0) {axis=0}
        %4 float32[16] = Add(state/variance, %1)
        %5 float32[16] = Sqrt(%4)
        %6 float32[16] = Reciprocal(%5)
        %7 float32[16] = Mul(state/scale, %6)
        %8 float32[16] = Neg(state/mean)
        %9 float32[16] = Mul(%8, %7)
        %10 float32[16] = Add(%9, state/shift)
        %11 float32[1,144,16] = Reshape(%3)
        %12 float32[1,1,16] = Reshape(%7)
        %13 float32[1,144,16] = Mul(%11, %12)
        %14 float32[16,16,3,3] = Reshape(%13)
        output prepared/0 = %14
        output prepared/1 = %10
      in each run:
        input feed/images float32[2,6,6,16]
        input prepared/0 float32[16,16,3,3]
        input prepared/1 float32[16]
        %0 float32[2,16,6,6] = Reshape(feed/images)
        %1 float32[2,16,6,6] = com.microsoft.nchwc.Conv(%0, prepared/0, prepared/1) {kernel_shape=[3,3] strides=[1,1] dilations=[1,1] pads=[1,1,1,1] activation=Relu}
        %2 float32[2,16,1,1] = com.microsoft.nchwc.GlobalAveragePool(%1)
        %3 float32[2,16] = Reshape(%2)
        output fetch/features = %3"
    `);
  });

  it('on a graphics card turns its filters and joins scale and variance once for all runs', () => {
    expect(printForWebGpu(planForWebGpu(evaluation, evaluationSignature))).toMatchInlineSnapshot(`
      "to bring the state to the card, and back to the host:
        input filter float32[3,3,16,16]
        input scale float32[16]
        input shift float32[16]
        input mean float32[16]
        input variance float32[16]
        output copy/filter = filter
        output copy/scale = scale
        output copy/shift = shift
        output copy/mean = mean
        output copy/variance = variance
      whenever the state is written:
        input state/filter float32[3,3,16,16]
        input state/scale float32[16]
        input state/shift float32[16]
        input state/mean float32[16]
        input state/variance float32[16]
        %0 float32[] = Constant(0.0010000000474974513)
        %1 float32[16,16,3,3] = Transpose(state/filter) {perm=[3,2,0,1]}
        %2 float32[16] = Add(state/variance, %0)
        %3 float32[16] = Sqrt(%2)
        %4 float32[16] = Reciprocal(%3)
        %5 float32[16] = Mul(state/scale, %4)
        %6 float32[1,16,1,1] = Reshape(state/mean)
        %7 float32[1,16,1,1] = Reshape(%5)
        %8 float32[1,16,1,1] = Reshape(state/shift)
        output prepared/0 = %1
        output prepared/1 = %6
        output prepared/2 = %7
        output prepared/3 = %8
      in each run:
        input feed/images float32[2,6,6,16]
        input prepared/0 float32[16,16,3,3]
        input prepared/1 float32[1,16,1,1]
        input prepared/2 float32[1,16,1,1]
        input prepared/3 float32[1,16,1,1]
        %0 float32[2,16,6,6] = Transpose(feed/images) {perm=[0,3,1,2]}
        %1 float32[2,16,6,6] = Conv(%0, prepared/0) {strides=[1,1] dilations=[1,1] pads=[1,1,1,1]}
        %2 float32[2,16,6,6] = Sub(%1, prepared/1)
        %3 float32[2,16,6,6] = Mul(%2, prepared/2)
        %4 float32[2,16,6,6] = Add(%3, prepared/3)
        %5 float32[2,16,6,6] = Relu(%4)
        %6 float32[2,16] = ReduceMean(%5) {axes=[2,3] keepdims=0}
        output fetch/features = %6
      results of a run are left in:
        fetch/features cpu"
    `);
  });

  it('in TensorFlow is computed whole in each run, from variables that nothing writes', () => {
    expect(printForTensorflow(planForTensorflow(evaluation, evaluationSignature))).toMatchInlineSnapshot(`
      "in each run, as one call:
        input state/filter float32[3,3,16,16]
        input state/scale float32[16]
        input state/shift float32[16]
        input state/mean float32[16]
        input state/variance float32[16]
        input feed/images float32[2,6,6,16]
        %0 float32[2,6,6,16] = Conv2D(feed/images, state/filter) {strides=[1,1] dilations=[1,1] pads=[1,1,1,1]}
        %1 float32[] = Constant(0.0010000000474974513)
        %2 float32[16] = Add(state/variance, %1)
        %3 float32[16] = Rsqrt(%2)
        %4 float32[16] = Multiply(state/scale, %3)
        %5 float32[2,6,6,16] = Sub(%0, state/mean)
        %6 float32[2,6,6,16] = Multiply(%5, %4)
        %7 float32[2,6,6,16] = Add(%6, state/shift)
        %8 float32[2,6,6,16] = Relu(%7)
        %9 float32[2,16] = Mean(%8) {axes=[1,2] keepDims=false}
        output fetch/features = %9"
    `);
  });
});

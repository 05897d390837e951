/** @file onnxruntime as this program uses it: everything here takes it from this file. */
import './no-telemetry.ts';

export * as ort from 'onnxruntime-node';

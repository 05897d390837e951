/** @file What the records of an event file hold: the parts that td writes of TensorFlow's event.proto and summary.proto. */
import protobuf from 'protobufjs/light.js';
import type { Histogram } from './histogram.ts';

const field = (id: number, type: string) => ({ id, type });
const repeated = (id: number, type: string) => ({ id, type, rule: 'repeated' });
const packed = (id: number, type: string) => ({ ...repeated(id, type), options: { packed: true } });

const EVENT = protobuf.Root.fromJSON({
  nested: {
    Event: {
      fields: {
        wallTime: field(1, 'double'),
        step: field(2, 'int64'),
        fileVersion: field(3, 'string'),
        summary: field(5, 'Summary'),
      },
    },
    Summary: { fields: { value: repeated(1, 'Value') } },
    Value: {
      // Without it a scalar of 0 would not be written at all.
      oneofs: { value: { oneof: ['simpleValue', 'histo'] } },
      fields: { tag: field(1, 'string'), simpleValue: field(2, 'float'), histo: field(5, 'HistogramProto') },
    },
    HistogramProto: {
      fields: {
        min: field(1, 'double'),
        max: field(2, 'double'),
        num: field(3, 'double'),
        sum: field(4, 'double'),
        sumSquares: field(5, 'double'),
        bucketLimit: packed(6, 'double'),
        bucket: packed(7, 'double'),
      },
    },
  },
}).lookupType('Event');

/** What an event file has of an epoch, each value under its tag. */
export interface EpochSummary {
  /** Steps taken since the start of training, the epoch's last included. */
  readonly step: number;
  /** Stored in single precision. */
  readonly scalars: Readonly<Record<string, number>>;
  readonly histograms: Readonly<Record<string, Histogram>>;
}

/**
 * The event that an event file begins with.
 *
 * @param wallTime seconds since 1970
 */
export function encodeFileVersion(wallTime: number): Uint8Array {
  return EVENT.encode({ wallTime, fileVersion: 'brain.Event:2' }).finish();
}

/**
 * An epoch as one event.
 *
 * @param wallTime seconds since 1970
 */
export function encodeSummary({ step, scalars, histograms }: EpochSummary, wallTime: number): Uint8Array {
  const value = [
    ...Object.entries(scalars).map(([tag, simpleValue]) => ({ tag, simpleValue })),
    ...Object.entries(histograms).map(([tag, histo]) => ({ tag, histo })),
  ];
  return EVENT.encode({ wallTime, step, summary: { value } }).finish();
}

/** @returns the step of an event, 0 if it has none; nothing if the bytes are no event */
export function decodeStep(bytes: Uint8Array): number | undefined {
  try {
    return Number(EVENT.toObject(EVENT.decode(bytes), { longs: Number }).step ?? 0);
  } catch {
    return undefined;
  }
}

/**
 * @file Reads event files without td's code, from the published formats: TFRecord's framing, the wire format of protocol
 * buffers, and the field numbers of TensorFlow's event.proto and summary.proto.
 */

/** CRC-32C bit by bit, as RFC 3720 defines it: most significant bit first, on reflected bytes. */
export function crcBitByBit(bytes: Uint8Array): number {
  const reflect = (value: number, bits: number): number => {
    let reflected = 0;
    for (let bit = 0; bit < bits; bit++) if (value & (1 << bit)) reflected |= 1 << (bits - 1 - bit);
    return reflected >>> 0;
  };
  let remainder = 0xffffffff;
  for (const byte of bytes) {
    remainder ^= reflect(byte, 8) << 24;
    for (let bit = 0; bit < 8; bit++)
      remainder = remainder & 0x80000000 ? (remainder << 1) ^ 0x1edc6f41 : remainder << 1;
  }
  return (reflect(remainder, 32) ^ 0xffffffff) >>> 0;
}

/** In whole numbers without bounds, other than the code under test. */
function mask(checksum: number): number {
  const value = BigInt(checksum);
  const rotated = ((value >> 15n) | (value << 17n)) % 2n ** 32n;
  return Number((rotated + 0xa282ead8n) % 2n ** 32n);
}

/** The data of all records. Throws if a length or a checksum is not what it should be. */
export function unframe(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let position = 0; position < file.length; ) {
    const length = Number(file.readBigUInt64LE(position));
    const end = position + 12 + length;
    const data = file.subarray(position + 12, end);
    const checks = [
      [file.readUInt32LE(position + 8), mask(crcBitByBit(file.subarray(position, position + 8)))],
      [file.readUInt32LE(end), mask(crcBitByBit(data))],
    ];
    if (checks.some(([found, expected]) => found !== expected))
      throw new Error(`the record at byte ${position} has a wrong checksum`);
    records.push(data);
    position = end + 4;
  }
  return records;
}

/** Values of a message by field number: a number for varints, bytes for all else. */
type Fields = Map<number, (number | Buffer)[]>;

function walk(message: Buffer): Fields {
  const fields: Fields = new Map();
  let position = 0;
  const varint = (): number => {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(position++);
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  const take = (length: number): Buffer => {
    position += length;
    return message.subarray(position - length, position);
  };
  while (position < message.length) {
    const key = varint();
    const wireType = key & 7;
    const value = () => {
      if (wireType === 0) return varint();
      if (wireType === 1) return take(8);
      if (wireType === 5) return take(4);
      if (wireType === 2) return take(varint());
      throw new Error(`wire type ${wireType}`);
    };
    fields.set(key >>> 3, [...(fields.get(key >>> 3) ?? []), value()]);
  }
  return fields;
}

const bytesOf = (fields: Fields, id: number): Buffer => fields.get(id)?.[0] as Buffer;
/** Zeros need not be there. */
const doubleOf = (fields: Fields, id: number): number =>
  fields.has(id) ? bytesOf(fields, id).readDoubleLE(0) : 0;
const doublesOf = (fields: Fields, id: number): number[] => {
  const packed = bytesOf(fields, id);
  return Array.from({ length: packed.length / 8 }, (_, index) => packed.readDoubleLE(8 * index));
};

export interface ReadHistogram {
  readonly min: number;
  readonly max: number;
  readonly num: number;
  readonly sum: number;
  readonly sumSquares: number;
  readonly bucketLimit: readonly number[];
  readonly bucket: readonly number[];
}

export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion?: string;
  readonly scalars: Readonly<Record<string, number>>;
  readonly histograms: Readonly<Record<string, ReadHistogram>>;
}

/** Event: wall_time 1, step 2, file_version 3, summary 5; Summary: value 1; Value: tag 1, simple_value 2, histo 5. */
export function readEvent(data: Buffer): ReadEvent {
  const event = walk(data);
  const version = bytesOf(event, 3)?.toString('utf8');
  const values = event.has(5) ? (walk(bytesOf(event, 5)).get(1) ?? []) : [];
  const scalars: Record<string, number> = {};
  const histograms: Record<string, ReadHistogram> = {};
  for (const bytes of values) {
    const value = walk(bytes as Buffer);
    const tag = bytesOf(value, 1).toString('utf8');
    if (value.has(2)) scalars[tag] = bytesOf(value, 2).readFloatLE(0);
    if (value.has(5)) histograms[tag] = readHistogram(walk(bytesOf(value, 5)));
  }
  return {
    wallTime: doubleOf(event, 1),
    step: (event.get(2)?.[0] as number | undefined) ?? 0,
    ...(version === undefined ? {} : { fileVersion: version }),
    scalars,
    histograms,
  };
}

/** HistogramProto: min 1, max 2, num 3, sum 4, sum_squares 5, bucket_limit 6, bucket 7. */
function readHistogram(fields: Fields): ReadHistogram {
  return {
    min: doubleOf(fields, 1),
    max: doubleOf(fields, 2),
    num: doubleOf(fields, 3),
    sum: doubleOf(fields, 4),
    sumSquares: doubleOf(fields, 5),
    bucketLimit: doublesOf(fields, 6),
    bucket: doublesOf(fields, 7),
  };
}

export function readEvents(file: Buffer): ReadEvent[] {
  return unframe(file).map(readEvent);
}

/** @file CRC-32C against the values of RFC 3720, appendix B.4, and a computation bit by bit. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../src/runs/events/crc32c.ts';
import { crcBitByBit } from './reader.ts';

/** The read command of the RFC: a SCSI command of 48 bytes. */
const COMMAND =
  '01c00000000000000000000000000000140000000000040000000014000000182800000000000000 0200000000000000'.replace(
    ' ',
    '',
  );

const PUBLISHED: readonly (readonly [string, Uint8Array, number])[] = [
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 ones', new Uint8Array(32).fill(255), 0x62a8ab43],
  ['32 rising bytes', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
  ['32 falling bytes', Uint8Array.from({ length: 32 }, (_, index) => 31 - index), 0x113fdb5c],
  ['an iSCSI command', Buffer.from(COMMAND, 'hex'), 0xd9963a56],
  ['the digits 1 to 9', Buffer.from('123456789'), 0xe3069283],
];

describe('the checksum', () => {
  it.each(PUBLISHED)('of %s is the published one', (_name, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
    expect(crcBitByBit(bytes)).toBe(expected);
  });

  it('of any bytes is the remainder computed bit by bit', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => crc32c(bytes) === crcBitByBit(bytes)));
  });
});

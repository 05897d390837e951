/** @file JPEG pictures by MozJPEG in WebAssembly, which gives the same pixels on every machine. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import decode, { init } from '@jsquash/jpeg/decode.js';
import { UserError } from '../../errors.ts';
import { MOST_PIXELS, type Picture } from './picture.ts';

/** What MozJPEG has to say of the picture that it decodes; it goes on after warnings and makes up pixels. */
let complaints: string[] = [];

/** A block of 8 × 8 pixels takes a bit at least; with more pixels than that the decoder would make up most of them, slowly. */
const MOST_PIXELS_PER_BYTE = 2 * 8 * 64;

let loading: Promise<void> | undefined;

/** Loads the decoder, unless it is there. */
function loadDecoder(): Promise<void> {
  loading ??= (async () => {
    const path = createRequire(import.meta.url).resolve('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');
    // Given the bytes, the decoder fetches nothing.
    const options = {
      wasmBinary: readFileSync(path),
      print: (line: string) => void complaints.push(line),
      printErr: (line: string) => void complaints.push(line),
    };
    await init(options as Parameters<typeof init>[0]);
  })();
  return loading;
}

/**
 * Decodes a JPEG file of grey or colour, turned as its camera says (EXIF orientation).
 *
 * @param where the file's name, for errors
 * @throws UserError if it is damaged, ends early, is of a form that td does not read, or larger than `MOST_PIXELS`
 */
export async function decodeJpegPicture(bytes: Uint8Array<ArrayBuffer>, where: string): Promise<Picture> {
  const { width, height, channels } = readHeader(bytes, where);
  const count = width * height;
  if (count === 0 || count > MOST_PIXELS)
    throw new UserError(`${where} has ${width} × ${height} pixels, expected from 1 to ${MOST_PIXELS}`);
  if (channels !== 1 && channels !== 3)
    throw new UserError(`${where} is a JPEG of ${channels} colours (CMYK), expected grey or RGB`);
  if (count > MOST_PIXELS_PER_BYTE * bytes.length)
    throw new UserError(
      `${where} is a damaged JPEG: ${bytes.length} bytes are too few for ${width} × ${height} pixels`,
    );
  await loadDecoder();
  complaints = [];
  const picture = await decodeOrComplain(bytes);
  if (picture === undefined || complaints.length > 0) {
    // It never gives back the memory of a picture that it could not finish, and after some of them fails for good.
    loading = undefined;
    const reason = complaints[0] ?? 'it cannot be decoded';
    throw new UserError(`${where} is a damaged JPEG: ${reason}`);
  }
  return { width: picture.width, height: picture.height, pixels: picture.data };
}

async function decodeOrComplain(bytes: Uint8Array<ArrayBuffer>) {
  try {
    return await decode(bytes as unknown as ArrayBuffer, { preserveOrientation: true });
  } catch {
    // Errors are thrown as numbers and objects without a message; what is wrong has been printed.
    return undefined;
  }
}

/** Read before anything is unpacked: the frame header, which follows segments of known lengths. */
function readHeader(bytes: Uint8Array, where: string) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let start = 2; start + 10 <= bytes.length; ) {
    const marker = view.getUint8(start + 1);
    if (view.getUint8(start) !== 0xff) break;
    // Any number of bytes 0xff may stand before a marker.
    if (marker === 0xff) {
      start++;
      continue;
    }
    // All that begin a frame, but the tables that lie among them.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return {
        height: view.getUint16(start + 5),
        width: view.getUint16(start + 7),
        channels: view.getUint8(start + 9),
      };
    }
    start += 2 + view.getUint16(start + 2);
  }
  throw new UserError(`${where} is a damaged JPEG: it has no header of a picture`);
}

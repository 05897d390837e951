/** @file Tells what kind of file lies where another was expected, from its first bytes or from the names in a folder or archive. */

/** Bytes at the start of a file that are looked at: a web page may begin with blank lines and a comment. */
export const HEAD_BYTES = 1024;

interface Kind {
  /** How files of this kind begin: a pattern for their text, read as Latin-1, or bytes in hexadecimal. */
  readonly begins: RegExp | string;
  /** A clause: what it is, and what to do. */
  readonly description: string;
}

const KINDS: readonly Kind[] = [
  { begins: /^$/, description: 'it is empty, as after a download that failed; bring it anew' },
  {
    begins: /^version https:\/\/git-lfs/,
    description: 'it is a Git LFS pointer, not the file itself; "git lfs pull" in its repository brings that',
  },
  {
    begins: /^\/?annex\/objects\//,
    description:
      'it is a git-annex pointer, not the file itself; "git annex get" in its repository brings that',
  },
  {
    begins: /^\s*(<!--.*?-->\s*|<\?xml[^>]*>\s*)*<(!doctype\s+html|html|head|body)\b/is,
    description:
      'it is a web page, such as a server sends in place of a file (a login, an error, a preview); bring the file itself',
  },
  {
    begins: /^\s*<\?xml/i,
    description: 'it is XML, such as a server sends in place of a file (an error); bring the file itself',
  },
  packed('bzip2', '425a68', 'bunzip2'),
  packed('xz', 'fd377a585a00', 'unxz'),
  packed('Zstandard', '28b52ffd', 'unzstd'),
  packed('LZ4', '04224d18', 'unlz4'),
  packed('compress', '1f9d', 'uncompress'),
  packed('zip (a NumPy .npz is, too)', '504b0304', 'unzip'),
  packed('7-Zip', '377abcaf271c', '7z x'),
  packed('RAR', '52617221', 'unrar x'),
  ...['8002', '8003', '8004', '8005'].map((protocol) => foreign('a Python pickle', protocol)),
  foreign('a NumPy array', '934e554d5059'),
  foreign('an HDF5 file', '894844460d0a'),
  foreign('a MATLAB file', Buffer.from('MATLAB ').toString('hex')),
  foreign('a Parquet file', Buffer.from('PAR1').toString('hex')),
  picture('PNG', '89504e470d0a'),
  picture('JPEG', 'ffd8ff'),
  foreign('a GIF picture', Buffer.from('GIF8').toString('hex')),
  foreign('a BMP picture', Buffer.from('BM').toString('hex')),
  foreign('a TIFF picture', '49492a00'),
  foreign('a TIFF picture', '4d4d002a'),
  // Any length of the file may stand between the two words.
  { begins: /^RIFF....WEBP/s, description: 'it is a WebP picture, a format that td does not read' },
];

function packed(name: string, begins: string, command: string): Kind {
  return { begins, description: `it is packed with ${name}; unpack it first (${command})` };
}

function foreign(name: string, begins: string): Kind {
  return { begins, description: `it is ${name}, a format that td does not read` };
}

function picture(name: string, begins: string): Kind {
  return {
    begins,
    description: `it is a ${name} picture; folders of those are what "name: images" reads`,
  };
}

/** @returns a clause that says what a file is and what to do, nothing if it looks like none of these kinds */
export function describeContent(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, HEAD_BYTES));
  const text = head.toString('latin1').replace(/^\xef\xbb\xbf/, '');
  const hex = head.toString('hex');
  const isKind = ({ begins }: Kind) =>
    typeof begins === 'string' ? hex.startsWith(begins) : begins.test(text);
  return KINDS.find(isKind)?.description;
}

/** Recognises CIFAR in its versions for Python and MATLAB by the names of the files in a folder or an archive. */
export function describeNames(names: readonly string[]): string | undefined {
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  if (has(/(^|\/)(cifar-\d+(-batches-py|-python)\/|batches\.meta$|data_batch_\d$)/)) return version('Python');
  if (has(/\.mat$/)) return version('MATLAB');
  return undefined;
}

function version(language: string): string {
  return `it is the version for ${language}; td reads the binary one (…-binary.tar.gz)`;
}

/** @file The packages that td fetches from PyPI, pinned: name, version, size and SHA-256 of one file for each platform. */

export interface Wheel {
  /** Name on PyPI. */
  readonly name: string;
  readonly version: string;
  readonly file: string;
  /** A platform of the file's name, by which pip finds it. */
  readonly tag: string;
  readonly bytes: number;
  /** Bytes of what is unpacked of it. */
  readonly unpackedBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export const PINNED_VERSION = '2.21.0';

/**
 * The Python version of the TensorFlow packages. Any would do, whatever Python is here: td uses their libraries and headers,
 * which are the same in all.
 */
export const PYTHON_TAG = '312';

/** What is unpacked of a TensorFlow package: the libraries, the headers of their C interface, what it says of itself. */
export const UNPACKED_PATHS: readonly string[] = [
  'tensorflow/libtensorflow_',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tensorflow/core/public/',
  'tensorflow/include/tensorflow/tsl/',
  'tensorflow/include/tsl/',
  'tensorflow/include/xla/tsl/',
  'tensorflow/python/platform/build_info.py',
  'tensorflow/THIRD_PARTY_NOTICES.txt',
];

function tensorflow(
  name: 'tensorflow' | 'tensorflow-cpu',
  tag: string,
  bytes: number,
  unpackedBytes: number,
  sha256: string,
): Wheel {
  const file = `${name.replace('-', '_')}-${PINNED_VERSION}-cp${PYTHON_TAG}-cp${PYTHON_TAG}-${tag}.whl`;
  return { name, version: PINNED_VERSION, file, tag, bytes, unpackedBytes, sha256 };
}

function nvidia(
  library: string,
  version: string,
  tags: string,
  bytes: number,
  unpackedBytes: number,
  sha256: string,
): Wheel {
  const name = `nvidia-${library}-cu12`;
  const file = `${name.replaceAll('-', '_')}-${version}-py3-none-${tags}.whl`;
  return { name, version, file, tag: tags.split('.')[0] ?? tags, bytes, unpackedBytes, sha256 };
}

const LINUX_X64_GPU = tensorflow(
  'tensorflow',
  'manylinux_2_27_x86_64',
  572_611_111,
  1_265_866_157,
  'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0',
);

/** For the processor, by platform and architecture as Node names them. On x64 the package without CUDA is half the size. */
export const CPU_WHEELS: Readonly<Record<string, Wheel>> = {
  'linux-x64': tensorflow(
    'tensorflow-cpu',
    'manylinux_2_27_x86_64',
    274_000_871,
    859_868_775,
    'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
  ),
  'linux-arm64': tensorflow(
    'tensorflow',
    'manylinux_2_27_aarch64',
    281_946_471,
    889_622_043,
    'b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552',
  ),
  'darwin-arm64': tensorflow(
    'tensorflow',
    'macosx_12_0_arm64',
    223_488_205,
    747_358_612,
    '56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712',
  ),
};

const NVIDIA_2_27 = 'manylinux_2_27_x86_64';
const NVIDIA_2014 = 'manylinux2014_x86_64.manylinux_2_17_x86_64';
const NVIDIA_2010 = 'manylinux2010_x86_64.manylinux_2_12_x86_64';

/** For NVIDIA cards: TensorFlow with CUDA, and what `pip install tensorflow[and-cuda]` adds to it. */
export const GPU_WHEELS: Readonly<Record<string, readonly Wheel[]>> = {
  'linux-x64': [
    LINUX_X64_GPU,
    nvidia(
      'cublas',
      '12.9.3.13',
      NVIDIA_2_27,
      581_217_458,
      855_724_311,
      'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
    ),
    nvidia(
      'cuda-cupti',
      '12.9.79',
      'manylinux_2_25_x86_64',
      10_814_997,
      44_603_912,
      '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
    ),
    nvidia(
      'cuda-nvcc',
      '12.9.86',
      NVIDIA_2010,
      40_546_229,
      98_957_442,
      '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
    ),
    nvidia(
      'cuda-nvrtc',
      '12.9.86',
      NVIDIA_2010,
      89_568_129,
      227_449_426,
      '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
    ),
    nvidia(
      'cuda-runtime',
      '12.9.79',
      NVIDIA_2014,
      3_493_179,
      9_619_472,
      '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
    ),
    nvidia(
      'cudnn',
      '9.28.0.42',
      NVIDIA_2_27,
      716_538_495,
      1_163_618_106,
      '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
    ),
    nvidia(
      'cufft',
      '11.4.1.4',
      NVIDIA_2014,
      200_877_592,
      293_721_862,
      'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
    ),
    nvidia(
      'curand',
      '10.3.10.19',
      NVIDIA_2_27,
      68_295_626,
      169_133_682,
      '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
    ),
    nvidia(
      'cusolver',
      '11.7.5.82',
      NVIDIA_2_27,
      338_117_415,
      495_296_462,
      '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
    ),
    nvidia(
      'cusparse',
      '12.5.10.65',
      NVIDIA_2014,
      366_465_088,
      486_917_707,
      '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
    ),
    nvidia(
      'nccl',
      '2.32.3',
      NVIDIA_2_27,
      351_526_311,
      490_610_413,
      'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
    ),
    nvidia(
      'nvjitlink',
      '12.9.86',
      NVIDIA_2010,
      39_748_338,
      96_014_630,
      'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
    ),
  ],
};

/** Whether `--gpu` can bring anything to this kind of machine. */
export function offersGpu({ platform, arch }: { readonly platform: string; readonly arch: string }): boolean {
  return GPU_WHEELS[`${platform}-${arch}`] !== undefined;
}

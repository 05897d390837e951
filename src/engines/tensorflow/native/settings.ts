/** @file How TensorFlow's library is set before it is loaded. */
export interface NativeOptions {
  /** Threads inside an operation. */
  readonly threads: number;
  /**
   * Operations that are computed at a time. One by default, on the thread that calls, since another one would have to be woken; and `threads`
   * with TensorFlow for graphics cards: on a processor each has all threads, and several wait for one another.
   */
  readonly operationsAtOnce?: number;
  /** `cpu` hides graphics cards. */
  readonly device: 'auto' | 'cpu';
  /** Kernels that give the same bits every time, also where faster ones would not; XLA refuses to be held to that. */
  readonly deterministic: boolean;
  /** Graphics cards round the operands of products to TF32. */
  readonly tensorfloat32?: boolean;
}

/**
 * By environment variables, the only way to reach TensorFlow through the native module; those of the user stand.
 *
 * @param knowsCards whether TensorFlow was built with CUDA
 * @param callsItself whether operations may be computed on the thread that calls
 */
export function applySettings(
  { threads, operationsAtOnce, device, deterministic, tensorfloat32 = false }: NativeOptions,
  knowsCards: boolean,
  callsItself: boolean,
): void {
  const mayUseCard = knowsCards && device !== 'cpu';
  const settings: Record<string, string> = {
    TF_CPP_MIN_LOG_LEVEL: '2',
    TF_NUM_INTRAOP_THREADS: String(threads),
    // A negative number: on the thread that calls.
    TF_NUM_INTEROP_THREADS: String(operationsAtOnce ?? (mayUseCard ? threads : callsItself ? -1 : 1)),
    // TensorFlow leaves oneDNN's kernels out on processors without AVX-512 VNNI, where they are much faster, too.
    ...(process.arch === 'x64' ? { TF_ENABLE_ONEDNN_OPTS: '1' } : {}),
    // Without it, whoever comes first takes nearly all memory of a card.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    ...(deterministic ? { TF_DETERMINISTIC_OPS: '1' } : {}),
    // Products of float32 in the reduced precision of TF32 would be others than those of every other engine.
    NVIDIA_TF32_OVERRIDE: tensorfloat32 ? '1' : '0',
    // What is scaled stays in float32, and what follows up to the next product: weight decay, clipping, momentum, masks of weights.
    TF_AUTO_MIXED_PRECISION_GRAPH_REWRITE_INFERLIST_REMOVE: 'Mul',
    TF_AUTO_MIXED_PRECISION_GRAPH_REWRITE_DENYLIST_ADD: 'Mul',
    ...(device === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
  };
  for (const [name, value] of Object.entries(settings)) process.env[name] ??= value;
}

/**
 * @file Keeps the session of a program that was disposed. The next program of the same model, such as another seed of a variant, gets it.
 *
 * That saves their compilation, and memory: onnxruntime does not return all that it takes for a session.
 */
import { createHash } from 'node:crypto';
import { ort } from './runtime.ts';

/** What a program needs of a session of onnxruntime. */
export interface Session {
  readonly inputNames: readonly string[];
  run(inputs: Record<string, ort.Tensor>): Promise<Record<string, ort.Tensor>>;
  /** Gives it back; it must not be run afterwards. Calling it again does nothing. */
  release(): void;
}

export class SessionPool {
  private readonly idle = new Map<string, ort.InferenceSession>();

  /**
   * A session for a model that is given as bytes. Those that lie idle are released before a new one is created: their
   * buffers may be as large as the new one's.
   */
  async take(model: Uint8Array, options: ort.InferenceSession.SessionOptions): Promise<Session> {
    const key = createHash('sha256').update(model).update(JSON.stringify(options)).digest('hex');
    const known = this.idle.get(key);
    if (known !== undefined) {
      this.idle.delete(key);
      return this.lend(key, known);
    }
    for (const session of this.idle.values()) void session.release();
    this.idle.clear();
    return this.lend(key, await ort.InferenceSession.create(model, options));
  }

  private lend(key: string, session: ort.InferenceSession): Session {
    let isLent = true;
    return {
      inputNames: session.inputNames,
      run: (inputs) => session.run(inputs),
      release: () => {
        if (!isLent) return;
        isLent = false;
        void this.idle.get(key)?.release();
        this.idle.set(key, session);
      },
    };
  }
}

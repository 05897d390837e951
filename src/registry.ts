/** @file Definitions by name, in the order in which they were registered. */
import { suggest, UserError } from './errors.ts';

interface Named {
  readonly name: string;
}

/**
 * Holds the methods, models or data sets that td knows. Schemas, help texts and tables are made from what is registered,
 * so a definition that is added while td runs is known everywhere at once.
 */
export class Registry<Definition extends Named> implements Iterable<Definition> {
  private readonly definitions = new Map<string, Definition>();
  private readonly listeners: (() => void)[] = [];

  /** @param kind what the definitions are, for error messages: `method` */
  constructor(
    private readonly kind: string,
    builtIn: readonly Definition[],
  ) {
    for (const definition of builtIn) this.register(definition);
  }

  /** @throws Error if the name is taken */
  register(definition: Definition): void {
    const { name } = definition;
    if (this.definitions.has(name)) throw new Error(`there is a ${this.kind} "${name}" already`);
    this.definitions.set(name, definition);
    for (const listener of this.listeners) listener();
  }

  /** @throws UserError with the nearest valid name if there is none of this name */
  get(name: string): Definition {
    const definition = this.definitions.get(name);
    if (definition !== undefined) return definition;
    throw new UserError(`unknown ${this.kind} "${name}"${suggest(name, this.names)}`);
  }

  get names(): string[] {
    return [...this.definitions.keys()];
  }

  [Symbol.iterator](): IterableIterator<Definition> {
    return this.definitions.values();
  }

  /** Calls the listener after each definition that is registered from now on. */
  onRegister(listener: () => void): void {
    this.listeners.push(listener);
  }
}

import { type ChildProcess, fork } from 'node:child_process';

/** What the program answers: a value, or why there is none. */
export type Reply<T> = { readonly value: T } | { readonly failure: string };

const ERRORS_KEPT = 2000;

/** A Node program of its own that answers one request after the other. */
export class RequestProcess<Request extends object, Value> {
  readonly #child: ChildProcess;
  #errors = '';
  #settle: ((reply: Reply<Value>) => void) | undefined;
  #ended: string | undefined;

  /** Starts `file` with Node's own options of this process. */
  constructor(file: string, words: readonly string[]) {
    this.#child = fork(file, words, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      this.#errors = (this.#errors + bytes.toString()).slice(-ERRORS_KEPT);
    });
    this.#child.on('message', (reply) => this.#answer(reply as Reply<Value>));
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('close', (code, signal) => {
      const last = this.#errors.trim().split('\n').at(-1)?.trim();
      this.#end(`its process ended with ${signal ?? `status ${code}`}${last ? `: ${last}` : ''}`);
    });
  }

  /** Sends a request; nothing else may be under way. */
  request(message: Request): Promise<Reply<Value>> {
    if (this.#ended !== undefined) return Promise.resolve({ failure: this.#ended });
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#child.send(message);
    });
  }

  /** Ends the program. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended !== undefined) return resolve();
      this.#child.on('close', () => resolve());
      this.#child.kill('SIGKILL');
    });
  }

  #answer(reply: Reply<Value>): void {
    this.#settle?.(reply);
    this.#settle = undefined;
  }

  #end(why: string): void {
    this.#ended ??= why;
    this.#answer({ failure: why });
  }
}

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IMAGE_BYTES, Image } from './image.ts';
import { BASE, codeAt, type World } from './layout.ts';
import type { Silicon, SlotCase } from './silicon.ts';

const RECORD = 24 + IMAGE_BYTES;
/** Longest run of a batch in milliseconds, for one that sleeps; its processor time has a limit of its own. */
const MOST = 600_000;
/** Exceptions that push an error code; the kernel reports 0 for the others. */
const WITH_CODE = new Set([8, 10, 11, 12, 13, 14, 17]);

/** The host's processor by way of a 32-bit process: compatibility mode, with 32- or 16-bit segments. */
export class ProcessMachine implements Silicon {
  readonly name = 'process';
  readonly #arguments: readonly string[];
  readonly #folder = mkdtempSync(join(tmpdir(), 'referee-'));
  readonly #program = join(this.#folder, 'process');

  /** @throws when there is no gcc that makes 32-bit programs, or they do not run */
  constructor({ segments }: World) {
    this.#arguments = segments.flatMap(({ selector, base, limit, attributes }) =>
      [selector, base, limit, attributes].map(String),
    );
    const source = join(import.meta.dirname, 'process.c');
    const options = ['-m32', '-O1', '-static', '-fno-stack-protector', '-mno-sse', '-o', this.#program, source];
    try {
      execFileSync('gcc', options, { stdio: 'pipe' });
      this.run([]);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  run(cases: readonly SlotCase[]): Image[] {
    const input = Buffer.alloc(RECORD * cases.length);
    cases.forEach(({ slot, code, before }, n) => {
      const at = n * RECORD;
      input.writeUInt32LE(BASE + codeAt(slot), at);
      input.writeUInt32LE(code.length, at + 4);
      input.set(code, at + 8);
      input.set(before.bytes, at + 24);
    });
    const { stdout, status, signal, error } = spawnSync(this.#program, this.#arguments, {
      input,
      maxBuffer: 1 << 30,
      timeout: MOST,
    });
    if (error !== undefined) throw error;
    if (status !== 0 || stdout.length !== IMAGE_BYTES * cases.length) {
      throw new Error(
        `the process of the cases ended with ${status ?? signal} after ${stdout.length / IMAGE_BYTES} of them`,
      );
    }
    return cases.map((_, n) => this.#image(stdout.subarray(n * IMAGE_BYTES, (n + 1) * IMAGE_BYTES)));
  }

  #image(bytes: Uint8Array): Image {
    const after = new Image(new Uint8Array(bytes));
    if (!WITH_CODE.has(after.vector)) after.setException(after.vector, -1, after.cr2);
    after.settle();
    return after;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

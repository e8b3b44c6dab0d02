import { createWriteStream, openSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import type { CharBackend } from '../bus/backends.ts';
import { ByteSink } from './byte-sink.ts';
import { FileError, reasonOf } from './files.ts';
import { type InputFiles, tellOf } from './input-files.ts';

/** A back end that lives on the host. `open` is called once the machine is known to be sound. */
export interface HostSerial extends CharBackend {
  /** Told of the files that input comes from; set before `open`. */
  inputFiles?: InputFiles;
  /** @throws FileError */
  open(): Promise<void>;
  /** Writes what waits and lets go. */
  close(): Promise<void>;
}

/** Opens a file for writing, emptied; `onError` is told when a write fails later. @throws FileError */
export function openOutput(path: string, what: string, onError: (error: Error) => void): Writable {
  try {
    const stream = createWriteStream('', { fd: openSync(path, 'w') });
    stream.on('error', (error) => onError(new FileError(`the ${what} ${path} ${reasonOf(error)}`)));
    return stream;
  } catch (error) {
    throw new FileError(`the ${what} ${path} ${reasonOf(error)}`);
  }
}

/** What the guest prints goes to a file; nothing comes back. */
export class FileSerial implements HostSerial {
  readonly #path: string;
  readonly #onError: (error: Error) => void;
  readonly #sink = new ByteSink();

  constructor(path: string, onError: (error: Error) => void) {
    this.#path = path;
    this.#onError = onError;
  }

  async open(): Promise<void> {
    this.#sink.attach(openOutput(this.#path, 'serial file', this.#onError));
  }

  close(): Promise<void> {
    return this.#sink.flush();
  }

  write(byte: number): boolean {
    return this.#sink.write(byte);
  }

  onInput(): void {}

  onDrain(resume: () => void): void {
    this.#sink.onDrain(resume);
  }
}

/** A line with nothing attached. */
export class NoSerial implements HostSerial {
  async open(): Promise<void> {}

  async close(): Promise<void> {}

  write(): boolean {
    return true;
  }

  onInput(): void {}

  onDrain(): void {}
}

/**
 * A socket in the file system where one client at a time is the other end of the line. What the guest prints
 * while nobody is connected is lost, as on an open cable.
 */
export class SocketSerial implements HostSerial {
  inputFiles?: InputFiles;
  readonly #path: string;
  readonly #sink = new ByteSink();
  #server: Server | undefined;
  #client: Socket | undefined;
  #receive: (bytes: Uint8Array) => void = () => {};
  #paused = false;

  constructor(path: string) {
    this.#path = path;
  }

  async open(): Promise<void> {
    try {
      checkPlace(this.#path);
      await removeStaleSocket(this.#path);
      const server = createServer((socket) => this.#accept(socket));
      this.#server = server;
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(this.#path, resolve);
      });
    } catch (error) {
      throw new FileError(`the serial socket ${this.#path} ${reasonOf(error)}`);
    }
  }

  async close(): Promise<void> {
    if (this.#client !== undefined) await this.#sink.flush();
    this.#client?.destroy();
    this.#server?.close();
  }

  write(byte: number): boolean {
    if (this.#client === undefined) return true;
    return this.#sink.write(byte);
  }

  onInput(receive: (bytes: Uint8Array) => void): void {
    this.#receive = receive;
  }

  onDrain(resume: () => void): void {
    this.#sink.onDrain(resume);
  }

  pauseInput(paused: boolean): void {
    this.#paused = paused;
    if (paused) this.#client?.pause();
    else this.#client?.resume();
  }

  #accept(socket: Socket): void {
    if (this.#client !== undefined) {
      socket.end('emu: another client is connected\n');
      return;
    }
    this.#client = socket;
    tellOf(socket, this.inputFiles);
    this.#sink.attach(socket);
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#client = undefined;
      this.#sink.attach(undefined);
      this.#sink.discard();
    });
    if (this.#paused) socket.pause();
  }
}

/** Linux takes so many bytes of a socket's path (unix(7)). Node cuts a longer one off and listens elsewhere. */
const LONGEST_PATH = 107;

/** Node says EACCES for a folder that does not exist. */
function checkPlace(path: string): void {
  if (Buffer.byteLength(path) > LONGEST_PATH) throw Object.assign(new Error(), { code: 'ENAMETOOLONG' });
  statSync(dirname(path));
}

/** A socket that nobody listens on any more is in the way; anything else at that path is not touched. */
async function removeStaleSocket(path: string): Promise<void> {
  if (statSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const stale = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => resolve(false));
    probe.on('error', () => resolve(true));
    probe.on('close', () => probe.destroy());
    probe.on('connect', () => probe.end());
  });
  if (stale) rmSync(path);
}

import { createInterface, type Interface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { ByteSink } from './byte-sink.ts';
import { ESCAPE_HELP, type EscapeAction, EscapeKeys } from './escape-keys.ts';
import type { InputFiles } from './input-files.ts';
import type { HostSerial } from './serial.ts';

/** What the terminal asks of the program. */
export interface TerminalEvents {
  /** Ctrl-A x. */
  onQuit(): void;
  /** A line typed into the monitor; answers what to print. */
  onCommand(line: string): Promise<string>;
}

const PROMPT = '(emu) ';

/**
 * Standard input and output as the guest's serial line. On a terminal: raw mode, Ctrl-A sequences, and a prompt
 * for the monitor, during which the guest's output waits. Otherwise bytes pass as they are; the end of the input
 * ends nothing.
 */
export class Terminal implements HostSerial {
  readonly #events: TerminalEvents;
  readonly #sink = new ByteSink(process.stdout);
  readonly #keys = new EscapeKeys();
  readonly #interactive = process.stdin.isTTY === true;
  inputFiles?: InputFiles;
  #receive: (bytes: Uint8Array) => void = () => {};
  #monitor: { readonly keys: PassThrough; readonly line: Interface } | undefined;

  constructor(events: TerminalEvents) {
    this.#events = events;
  }

  /** True when a person can type Ctrl-A sequences. */
  get interactive(): boolean {
    return this.#interactive;
  }

  /** Takes the terminal: raw mode until the process ends, is stopped (SIGTSTP), or `close` is called. */
  async open(): Promise<void> {
    const { stdin } = process;
    stdin.on('data', (bytes: Uint8Array) => this.#input(bytes));
    stdin.on('error', () => stdin.pause());
    this.inputFiles?.opened(stdin.fd);
    if (!this.#interactive) return;
    this.#raw(true);
    process.on('exit', () => this.#raw(false));
    process.on('SIGTSTP', () => {
      this.#raw(false);
      process.kill(process.pid, 'SIGSTOP');
    });
    process.on('SIGCONT', () => this.#raw(true));
  }

  /** Gives the terminal back and resolves when all output has been written. */
  async close(): Promise<void> {
    this.#closeMonitor();
    process.stdin.pause();
    await this.#sink.flush();
    this.#raw(false);
  }

  write(byte: number): boolean {
    return this.#sink.write(byte);
  }

  onInput(receive: (bytes: Uint8Array) => void): void {
    this.#receive = receive;
  }

  onDrain(resume: () => void): void {
    this.#sink.onDrain(resume);
  }

  /** Keys are always read, so that Ctrl-A x works; a pipe is held back. */
  pauseInput(paused: boolean): void {
    if (this.#interactive) return;
    if (paused) process.stdin.pause();
    else process.stdin.resume();
  }

  /** Prints a message of emu's own on the terminal, on lines of its own. */
  print(text: string): void {
    if (this.#monitor === undefined) {
      (process.stdout.isTTY ? process.stdout : process.stderr).write(`\n${text}\n`);
      return;
    }
    process.stdout.write(`\r\x1b[K${text}\n`);
    this.#monitor.line.prompt(true);
  }

  #raw(on: boolean): void {
    // A terminal that has gone away cannot be set any more, and need not.
    if (this.#interactive && !process.stdin.destroyed) process.stdin.setRawMode(on);
  }

  #input(bytes: Uint8Array): void {
    if (!this.#interactive) {
      this.#receive(bytes);
      return;
    }
    this.#keys.feed(
      bytes,
      (plain) => (this.#monitor === undefined ? this.#receive(plain) : void this.#monitor.keys.write(plain)),
      (action) => this.#act(action),
    );
  }

  #act(action: EscapeAction): void {
    switch (action) {
      case 'quit':
        this.#events.onQuit();
        return;
      case 'help':
        this.print(ESCAPE_HELP.join('\n'));
        return;
      case 'monitor':
        if (this.#monitor === undefined) this.#openMonitor();
        else this.#closeMonitor();
    }
  }

  #openMonitor(): void {
    this.#sink.hold(true);
    const keys = new PassThrough();
    process.stdout.write('\nemu monitor: help lists the commands, Ctrl-A c goes back to the guest\n');
    const line = createInterface({
      input: keys,
      output: process.stdout,
      terminal: true,
      prompt: PROMPT,
      historySize: 200,
    });
    this.#monitor = { keys, line };
    line.on('line', async (text) => {
      const answer = await this.#events.onCommand(text);
      if (answer !== '') process.stdout.write(`${answer}\n`);
      if (this.#monitor?.line === line) line.prompt();
    });
    line.on('SIGINT', () => {
      process.stdout.write('\n');
      line.write(null, { ctrl: true, name: 'u' });
      line.prompt();
    });
    line.on('close', () => {
      // Ctrl-D
      if (this.#monitor?.line === line) this.#closeMonitor();
    });
    line.prompt();
  }

  #closeMonitor(): void {
    const monitor = this.#monitor;
    if (monitor === undefined) return;
    this.#monitor = undefined;
    monitor.line.close();
    process.stdout.write('\n');
    this.#sink.hold(false);
  }
}

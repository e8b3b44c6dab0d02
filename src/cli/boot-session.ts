import { RunControl } from '../debug/run-control.ts';
import { attachTrace } from '../debug/trace.ts';
import { ByteSink } from '../host/byte-sink.ts';
import { FileSerial, type HostSerial, NoSerial, openOutput, SocketSerial } from '../host/serial.ts';
import { Terminal } from '../host/terminal.ts';
import { Machine, type MachineConfig } from '../machine/machine.ts';
import type { BootSettings } from './boot-settings.ts';
import { ENDING_SIGNALS, exitStatus, OUTPUT_CLOSED } from './exit-status.ts';
import { oneLine } from './report.ts';
import { UsageError } from './usage-error.ts';

/** How long a signal waits for output that nobody may be reading. */
const PATIENCE_MS = 300;

type Guest = Pick<MachineConfig, 'kernel' | 'initrd' | 'append' | 'firmware' | 'memory'>;

/** One machine with its terminal, files and tools, from start to exit status. */
export class BootSession {
  readonly #settings: BootSettings;
  readonly #machine: Machine;
  readonly #control: RunControl;
  readonly #serial: HostSerial;
  /** Files and streams beside the serial line; each holds the machine back while it is full. */
  readonly #outputs: ByteSink[] = [];
  readonly #debugcon = new ByteSink();
  readonly #ended: Promise<number>;
  #end: (status: number) => void = () => {};

  /** Makes the machine and touches no file. @throws UsageError, BootError */
  constructor(settings: BootSettings, guest: Guest) {
    this.#settings = settings;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#serial = this.#makeSerial();
    this.#machine = makeMachine({
      ...guest,
      cpu: settings.cpu,
      tier: settings.tier,
      icount: settings.icount,
      noReboot: settings.noReboot,
      serial: this.#serial,
      debugcon: (byte) => {
        if (settings.debugcon !== undefined && !this.#debugcon.write(byte)) this.#control.hold();
      },
    });
    this.#control = new RunControl(this.#machine);
  }

  /** Runs to the end of the machine, or until the user ends it. @throws FileError */
  async run(): Promise<number> {
    this.#openOutputs();
    await this.#serial.open();
    this.#takeSignals();
    void this.#machine.exit.then((exit) => {
      if (exit.reason === 'fatal') process.stderr.write(`\nemu: ${exit.message}\n`);
      this.#end(exitStatus(exit));
    });
    if (!this.#settings.stopped) this.#control.go();
    const status = await this.#ended;
    await this.#control.stop();
    await this.#serial.close();
    await Promise.all(this.#outputs.map((output) => output.flush()));
    return status;
  }

  #makeSerial(): HostSerial {
    const { serial } = this.#settings;
    switch (serial.kind) {
      case 'stdio':
        return new Terminal({ onQuit: () => this.#end(0), onOutputClosed: () => this.#end(OUTPUT_CLOSED) });
      case 'file':
        return new FileSerial(serial.path, (error) => this.#fail(error));
      case 'unix':
        return new SocketSerial(serial.path);
      case 'none':
        return new NoSerial();
    }
  }

  #openOutputs(): void {
    const { debugcon, trace } = this.#settings;
    if (debugcon !== undefined)
      this.#addOutput(this.#debugcon, debugcon === 'stdio' ? undefined : debugcon, 'debugcon file');
    if (trace === undefined) return;
    const sink = new ByteSink();
    this.#addOutput(sink, trace.file, 'trace file');
    attachTrace(this.#machine, trace.channels, (line) => {
      if (!sink.writeText(`${line}\n`)) this.#control.hold();
    });
  }

  #addOutput(sink: ByteSink, path: string | undefined, what: string): void {
    sink.attach(path === undefined ? process.stderr : openOutput(path, what, (error) => this.#fail(error)));
    sink.onDrain(() => this.#control.release());
    this.#outputs.push(sink);
  }

  #fail(error: Error): void {
    process.stderr.write(`\nemu: ${oneLine(error)}\n`);
    this.#end(1);
  }

  #takeSignals(): void {
    for (const [name, number] of Object.entries(ENDING_SIGNALS)) {
      process.on(name, () => {
        this.#end(128 + number);
        setTimeout(() => process.exit(128 + number), PATIENCE_MS).unref();
      });
    }
  }
}

function makeMachine(config: MachineConfig): Machine {
  try {
    return new Machine(config);
  } catch (error) {
    if (error instanceof RangeError && /allocation failed/.test(error.message)) {
      throw new UsageError(`this host does not have ${config.memory / 2 ** 20} MB to give: choose less --memory`);
    }
    throw error;
  }
}

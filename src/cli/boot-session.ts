import type { AcceleratorName } from '../accel/select.ts';
import { describeCounts, describeHandover } from '../debug/describe-accel.ts';
import { attachDumps } from '../debug/dump-code.ts';
import { GdbStub } from '../debug/gdb/stub.ts';
import { Monitor } from '../debug/monitor.ts';
import { RunControl } from '../debug/run-control.ts';
import { attachTrace } from '../debug/trace.ts';
import { ByteSink } from '../host/byte-sink.ts';
import type { InputFiles } from '../host/input-files.ts';
import { FileSerial, type HostSerial, NoSerial, openOutput, SocketSerial } from '../host/serial.ts';
import { TcpServer } from '../host/tcp-server.ts';
import { Terminal } from '../host/terminal.ts';
import type { Machine } from '../machine/machine.ts';
import type { BootSettings } from './boot-settings.ts';
import { ENDING_SIGNALS, exitStatus } from './exit-status.ts';
import { oneLine } from './report.ts';

/** How long a signal waits for output that nobody may be reading. */
const PATIENCE_MS = 300;

/** One machine with its terminal, files and tools, from start to exit status. */
export class BootSession {
  /** Back end of COM1; opened by `run`. */
  readonly serial: HostSerial;
  readonly #settings: BootSettings;
  /** Files and streams beside the serial line; each holds the machine back while it is full. */
  readonly #outputs: ByteSink[] = [];
  readonly #debugcon = new ByteSink();
  readonly #ended: Promise<number>;
  #end: (status: number) => void = () => {};
  #control: RunControl | undefined;
  #monitor: Monitor | undefined;
  #gdb: GdbStub | undefined;

  /** Touches no file: options may still turn out to be wrong. */
  constructor(settings: BootSettings) {
    this.#settings = settings;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.serial = this.#makeSerial();
  }

  /** Takes a byte that the guest writes to port E9h. */
  readonly debugcon = (byte: number): void => {
    if (this.#settings.debugcon !== undefined && !this.#debugcon.write(byte)) this.#control?.hold();
  };

  /** Runs to the end of the machine, or until the user ends it; resolves with the exit status. @throws FileError */
  async run(machine: Machine): Promise<number> {
    const control = new RunControl(machine);
    this.#control = control;
    this.#monitor = new Monitor(control, () => this.#end(0));
    this.#openOutputs(control);
    const { kvm } = machine;
    const files = kvm && {
      opened: (fd: number) => kvm.watchInput(fd),
      closed: (fd: number) => kvm.forgetInput(fd),
    };
    const server = await this.#serveGdb(control, this.#monitor, files);
    if (files !== undefined) this.serial.inputFiles = files;
    await this.serial.open();
    this.#takeSignals();
    void machine.exit.then((exit) => {
      if (exit.reason === 'fatal') process.stderr.write(`\nemu: ${exit.message}\n`);
      this.#end(exitStatus(exit));
    });
    if (!this.#settings.stopped) control.go();
    const status = await this.#ended;
    this.#gdb?.exited(status);
    server?.close();
    await control.stop();
    await this.serial.close();
    const counts = machine.kvm?.counts;
    if (counts !== undefined && counts.runs > 0) {
      process.stderr.write(
        `${describeCounts(counts)
          .map((line) => `emu: ${line}`)
          .join('\n')}\n`,
      );
    }
    await Promise.all(this.#outputs.map((output) => output.flush()));
    return status;
  }

  /** Moves the guest, as soon as it stands between two instructions. */
  switchAccelerator(name: AcceleratorName): void {
    this.#control?.machine.switchAccelerator(name).then(
      (times) => process.stderr.write(`emu: ${describeHandover(name, times)}\n`),
      (error: Error) => process.stderr.write(`emu: ${oneLine(error)}\n`),
    );
  }

  #makeSerial(): HostSerial {
    const { serial } = this.#settings;
    switch (serial.kind) {
      case 'stdio':
        return new Terminal({
          onQuit: () => this.#end(0),
          onCommand: async (line) => this.#monitor?.execute(line) ?? '',
        });
      case 'file':
        return new FileSerial(serial.path, (error) => this.#fail(error));
      case 'unix':
        return new SocketSerial(serial.path);
      case 'none':
        return new NoSerial();
    }
  }

  async #serveGdb(control: RunControl, monitor: Monitor, files?: InputFiles): Promise<TcpServer | undefined> {
    const { gdbPort } = this.#settings;
    if (gdbPort === undefined) return undefined;
    const server = new TcpServer((peer) => {
      this.#gdb = new GdbStub(control, monitor, peer, { onKill: () => this.#end(0) });
      return this.#gdb;
    }, files);
    await server.listen(gdbPort);
    return server;
  }

  #openOutputs(control: RunControl): void {
    const { debugcon, trace, dumps } = this.#settings;
    if (debugcon !== undefined)
      this.#addOutput(control, this.#debugcon, debugcon === 'stdio' ? undefined : debugcon, 'debugcon file');
    attachDumps(control.machine, {
      ...(dumps.ir === undefined ? {} : { ir: this.#textOutput(control, dumps.ir || undefined, 'dump file') }),
      ...(dumps.jit === undefined ? {} : { jit: this.#textOutput(control, dumps.jit || undefined, 'dump file') }),
    });
    if (trace === undefined) return;
    const print = this.#textOutput(control, trace.file, 'trace file');
    attachTrace(control.machine, trace.channels, (line) => print(`${line}\n`));
  }

  /** Takes text for a file, or for standard error, and holds the machine back while it is full. */
  #textOutput(control: RunControl, path: string | undefined, what: string): (text: string) => void {
    const sink = new ByteSink();
    this.#addOutput(control, sink, path, what);
    return (text) => {
      if (!sink.writeText(text)) control.hold();
    };
  }

  #addOutput(control: RunControl, sink: ByteSink, path: string | undefined, what: string): void {
    sink.attach(path === undefined ? process.stderr : openOutput(path, what, (error) => this.#fail(error)));
    sink.onDrain(() => control.release());
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

import type { Breakpoint } from '../../accel/accelerator.ts';
import { linear, readMemory, writeMemory } from '../guest-memory.ts';
import type { Monitor } from '../monitor.ts';
import type { RunControl, StopCause } from '../run-control.ts';
import { framePacket, fromHex, type Incoming, PACKET_SIZE, PacketReader, toHex } from './packets.ts';
import { type GdbRegister, gdbRegisters } from './registers.ts';
import { targetDescription } from './target-description.ts';

/** The way back to one gdb. */
export interface GdbConnection {
  send(bytes: Uint8Array): void;
  close(): void;
}

export interface GdbEvents {
  /** gdb's `kill`: end the program. */
  onKill(): void;
}

const SIGINT = 2;
const SIGTRAP = 5;
const THREAD = 'thread:01;';
const OK = 'OK';
/** Answers to what cannot be done: EINVAL, EFAULT, ENOSPC. */
const INVALID = 'E16';
const FAULT = 'E0e';
const TOO_MANY = 'E1c';
const MOST_BREAKPOINTS = 1024;
const LONGEST_WATCH = 4096;
/** Empty: a packet that is not known, as the protocol wants it. */
const UNKNOWN = '';

const POINT_KINDS: Readonly<Record<string, Breakpoint['kind']>> = {
  0: 'execute',
  1: 'execute',
  2: 'write',
  3: 'read',
  4: 'access',
};
const WATCH_NAMES = { write: 'watch', read: 'rwatch', access: 'awatch' } as const;

const latin1 = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

/** One gdb session: the remote serial protocol (gdb manual, appendix E) for one CPU. */
export class GdbStub {
  readonly #control: RunControl;
  readonly #monitor: Monitor;
  readonly #connection: GdbConnection;
  readonly #events: GdbEvents;
  readonly #reader = new PacketReader();
  readonly #registers: readonly GdbRegister[];
  readonly #description: string;
  readonly #points = new Map<string, Breakpoint>();
  #ack = true;
  #last: Uint8Array = new Uint8Array();
  /** gdb waits for the reply to a continue or step. */
  #running = false;
  #attached = false;
  /** Packets are answered one after the other, as some answers take time. */
  #work: Promise<void> = Promise.resolve();

  constructor(control: RunControl, monitor: Monitor, connection: GdbConnection, events: GdbEvents) {
    this.#control = control;
    this.#monitor = monitor;
    this.#connection = connection;
    this.#events = events;
    const long = control.machine.model.has('lm');
    this.#registers = gdbRegisters(long);
    this.#description = targetDescription(this.#registers, long);
    control.onStop = (cause) => this.#stopped(cause);
  }

  /** Bytes from gdb. */
  receive(bytes: Uint8Array): void {
    for (const incoming of this.#reader.feed(bytes)) this.#take(incoming);
  }

  /** The connection is gone: the guest goes on without breakpoints. */
  disconnected(): void {
    this.#control.onStop = () => {};
    if (this.#attached) this.#detach();
  }

  /** The machine ended with an exit status. */
  exited(status: number): void {
    if (this.#running) this.#reply(`W${toHex(Uint8Array.of(status))}`);
    this.#connection.close();
  }

  #take(incoming: Incoming): void {
    switch (incoming.kind) {
      case 'ack':
        return;
      case 'nak':
        if (this.#last.length > 0) this.#connection.send(this.#last);
        return;
      case 'damaged':
        if (this.#ack) this.#connection.send(Uint8Array.of(0x2d));
        return;
      case 'interrupt':
        this.#queue(() => this.#control.stop());
        return;
      case 'packet': {
        if (this.#ack) this.#connection.send(Uint8Array.of(0x2b));
        const { payload } = incoming;
        this.#queue(async () => {
          await this.#attach();
          const answer = await this.#answer(payload);
          if (answer !== undefined) this.#reply(answer);
        });
      }
    }
  }

  #queue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work);
  }

  /** A gdb that speaks finds the guest stopped. */
  async #attach(): Promise<void> {
    if (this.#attached) return;
    this.#attached = true;
    await this.#control.stop();
  }

  #detach(): void {
    this.#attached = false;
    this.#running = false;
    this.#points.clear();
    this.#control.machine.setBreakpoints([]);
    this.#control.go();
  }

  #reply(payload: string): void {
    this.#last = framePacket(payload);
    this.#connection.send(this.#last);
  }

  #stopped(cause: StopCause): void {
    if (!this.#running) return;
    this.#running = false;
    this.#reply(stopReply(cause));
  }

  /** The answer to a packet; undefined: it comes later, when the guest stops. */
  async #answer(payload: Uint8Array): Promise<string | undefined> {
    const packet = latin1(payload);
    const rest = packet.slice(1);
    switch (packet[0]) {
      case '?':
        return stopReply({ kind: 'breakpoint' });
      case 'g':
        return this.#readAll();
      case 'G':
        return this.#writeAll(rest);
      case 'p':
        return this.#readOne(rest);
      case 'P':
        return this.#writeOne(rest);
      case 'm':
        return this.#readMemory(rest);
      case 'M':
        return this.#writeMemory(rest, ([, hex]) => fromHex(hex ?? ''));
      case 'X':
        return this.#writeMemory(rest, () => payload.subarray(packet.indexOf(':') + 1));
      case 'c':
      case 'C':
      case 's':
      case 'S':
        return this.#resume(packet);
      case 'Z':
      case 'z':
        return this.#breakpoint(packet[0] === 'Z', rest);
      case 'H':
      case 'T':
        return OK;
      case 'D':
        this.#detach();
        return OK;
      case 'k':
        this.#events.onKill();
        return undefined;
      case 'q':
      case 'Q':
        return this.#query(packet);
      case 'v':
        return this.#verbose(packet);
      default:
        return UNKNOWN;
    }
  }

  #query(packet: string): string | Promise<string> {
    if (packet.startsWith('qSupported')) {
      return `PacketSize=${PACKET_SIZE.toString(16)};qXfer:features:read+;QStartNoAckMode+;vContSupported+`;
    }
    if (packet === 'QStartNoAckMode') {
      this.#ack = false;
      return OK;
    }
    if (packet === 'qC') return 'QC01';
    if (packet === 'qfThreadInfo') return 'm01';
    if (packet === 'qsThreadInfo') return 'l';
    if (packet.startsWith('qThreadExtraInfo')) return toHex(new TextEncoder().encode('CPU#0'));
    if (packet === 'qAttached') return '1';
    if (packet.startsWith('qXfer:features:read:')) return this.#describe(packet);
    if (packet.startsWith('qRcmd,')) return this.#command(packet.slice('qRcmd,'.length));
    return UNKNOWN;
  }

  async #command(hex: string): Promise<string> {
    const bytes = fromHex(hex);
    if (bytes === undefined) return INVALID;
    const text = await this.#monitor.execute(latin1(bytes));
    return text === '' ? OK : toHex(new TextEncoder().encode(`${text}\n`));
  }

  #describe(packet: string): string {
    const [, offset, length] = /^qXfer:features:read:target\.xml:([\da-f]{1,8}),([\da-f]{1,8})$/i.exec(packet) ?? [];
    if (offset === undefined) return 'E00';
    const from = Number.parseInt(offset, 16);
    const part = this.#description.slice(from, from + Math.min(Number.parseInt(length!, 16), PACKET_SIZE / 2));
    return `${from + part.length < this.#description.length ? 'm' : 'l'}${part}`;
  }

  #verbose(packet: string): string | undefined {
    if (packet === 'vCont?') return 'vCont;c;C;s;S';
    if (packet.startsWith('vKill')) {
      this.#events.onKill();
      return OK;
    }
    const [, action] = /^vCont;([csCS])/.exec(packet) ?? [];
    return action === undefined ? UNKNOWN : this.#resume(action.toLowerCase());
  }

  /** c, s (with an address that RIP is set to) and C, S (with a signal, which means nothing here). */
  #resume(packet: string): string | undefined {
    const [, action, address] = /^([csCS])(?:(?<=[CS])[\da-f]{1,2};?)?([\da-f]{0,16})$/i.exec(packet) ?? [];
    if (action === undefined) return INVALID;
    if (address !== '') this.#setRip(BigInt(`0x${address}`));
    this.#running = true;
    if (action.toLowerCase() === 'c') {
      this.#control.go();
      return undefined;
    }
    const exit = this.#control.step();
    this.#running = false;
    return stopReply(exit.reason === 'debug' ? exit.cause : { kind: 'step' });
  }

  #setRip(value: bigint): void {
    const state = this.#control.machine.readState();
    state.set('rip', value);
    this.#control.machine.writeState(state);
  }

  #readAll(): string {
    const state = this.#control.machine.readState();
    return this.#registers.map((register) => toHex(register.read(state))).join('');
  }

  #writeAll(hex: string): string {
    const bytes = fromHex(hex);
    if (bytes === undefined) return INVALID;
    const state = this.#control.machine.readState();
    let at = 0;
    for (const register of this.#registers) {
      if (at + register.bytes > bytes.length) break;
      if (!register.write(state, bytes.subarray(at, at + register.bytes))) return INVALID;
      at += register.bytes;
    }
    this.#control.machine.writeState(state);
    return OK;
  }

  #readOne(text: string): string {
    const register = this.#registers[Number.parseInt(text, 16)];
    return register === undefined ? INVALID : toHex(register.read(this.#control.machine.readState()));
  }

  #writeOne(text: string): string {
    const [number, hex] = text.split('=');
    const register = this.#registers[Number.parseInt(number!, 16)];
    const bytes = fromHex(hex ?? '');
    if (register === undefined || bytes?.length !== register.bytes) return INVALID;
    const { machine } = this.#control;
    const state = machine.readState();
    if (!register.write(state, bytes)) return INVALID;
    machine.writeState(state);
    return OK;
  }

  #readMemory(text: string): string {
    const place = parsePlace(text);
    if (place === undefined) return INVALID;
    const { machine } = this.#control;
    const length = Math.min(place.length, PACKET_SIZE / 2);
    const bytes = readMemory(machine, place.address, length, linear(machine));
    return bytes.length === 0 && length > 0 ? FAULT : toHex(bytes);
  }

  #writeMemory(text: string, data: (parts: string[]) => Uint8Array | undefined): string {
    const parts = text.split(':');
    const place = parsePlace(parts[0]!);
    const bytes = data(parts);
    if (place === undefined || bytes?.length !== place.length) return INVALID;
    const { machine } = this.#control;
    return writeMemory(machine, place.address, bytes, linear(machine)) ? OK : FAULT;
  }

  #breakpoint(set: boolean, text: string): string {
    const [, type, rest] = /^([0-4]),([\da-f]+,[\da-f]+)/i.exec(text) ?? [];
    const place = rest === undefined ? undefined : parsePlace(rest);
    if (type === undefined || place === undefined) return UNKNOWN;
    const kind = POINT_KINDS[type]!;
    if (kind !== 'execute' && (place.length < 1 || place.length > LONGEST_WATCH)) return INVALID;
    const key = `${type},${place.address},${place.length}`;
    if (set && this.#points.size >= MOST_BREAKPOINTS) return TOO_MANY;
    if (set) this.#points.set(key, { kind, address: place.address, length: place.length });
    else this.#points.delete(key);
    this.#control.machine.setBreakpoints([...this.#points.values()]);
    return OK;
  }
}

/** `addr,length` in hexadecimal. */
function parsePlace(text: string): { address: bigint; length: number } | undefined {
  const [, address, length] = /^([\da-f]{1,16}),([\da-f]{1,8})$/i.exec(text) ?? [];
  return address === undefined ? undefined : { address: BigInt(`0x${address}`), length: Number.parseInt(length!, 16) };
}

function stopReply(cause: StopCause): string {
  if (cause.kind === 'user') return `T${toHex(Uint8Array.of(SIGINT))}${THREAD}`;
  const trap = `T${toHex(Uint8Array.of(SIGTRAP))}`;
  if (cause.kind !== 'watch') return trap + THREAD;
  return `${trap}${WATCH_NAMES[cause.access]}:${cause.address.toString(16)};${THREAD}`;
}

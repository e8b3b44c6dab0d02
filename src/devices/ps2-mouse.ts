import { ACK, BAT_OK, PS2_QUEUE, Ps2Device, RESEND } from './ps2-device.ts';
import { byteQueue, flag, int, list, record, type StateOf, u8 } from './state.ts';

const MOTION = int(-255, 255);

const SHAPE = {
  reporting: flag,
  remote: flag,
  wrap: flag,
  scaling: flag,
  resolution: u8,
  rate: u8,
  /** 0, or 3 once the wheel has been asked for. */
  id: int(0, 3),
  /** The last three sample rates that were set: 200, 100, 80 turns the wheel on. */
  rates: list(u8, 3),
  pending: u8,
  buttons: int(0, 7),
  dx: MOTION,
  dy: MOTION,
  dz: int(-8, 7),
  queue: byteQueue(PS2_QUEUE),
};

const initial = (): Omit<StateOf<typeof SHAPE>, 'queue'> => ({
  reporting: false,
  remote: false,
  wrap: false,
  scaling: false,
  resolution: 2,
  rate: 100,
  id: 0,
  rates: [],
  pending: 0,
  buttons: 0,
  dx: 0,
  dy: 0,
  dz: 0,
});

const SET_RESOLUTION = 0xe8;
const SET_RATE = 0xf3;
const RESET_WRAP = 0xec;
const RESET = 0xff;

const clamp = (value: number, limit: number): number => Math.max(-limit, Math.min(limit - 1, value));

/** PS/2 mouse with wheel extension (IBM PS/2 Hardware Interface Technical Reference, auxiliary device). */
export class Ps2Mouse extends Ps2Device {
  #s = initial();

  /** Motion (right and up positive), wheel steps and buttons (D0 left, D1 right, D2 middle) since the last call. */
  move(dx: number, dy: number, wheel: number, buttons: number): void {
    const s = this.#s;
    s.dx = clamp(s.dx + Math.trunc(dx), 255);
    s.dy = clamp(s.dy + Math.trunc(dy), 255);
    s.dz = clamp(s.dz + Math.trunc(wheel), 8);
    s.buttons = buttons & 7;
    // A host that is slow gets the sum of the motion later instead of every step.
    if (!s.reporting || s.remote || s.wrap || this.queue.length > PS2_QUEUE / 2) return;
    this.#packet();
    this.onData();
  }

  reset(): void {
    this.#s = initial();
    this.queue.clear();
  }

  save(): unknown {
    return { ...structuredClone(this.#s), queue: this.queue.toBytes() };
  }

  load(state: unknown): void {
    const { queue, ...registers } = record(SHAPE)(state, 'mouse');
    this.#s = registers;
    this.queue.clear();
    this.queue.push(queue);
  }

  protected command(byte: number): void {
    const s = this.#s;
    // A new command discards what the host has not fetched.
    this.queue.clear();
    if (s.pending !== 0) this.#parameter(byte);
    else if (s.wrap && byte !== RESET && byte !== RESET_WRAP) this.send(byte);
    else this.#execute(byte);
  }

  #execute(byte: number): void {
    const s = this.#s;
    if (!COMMANDS.has(byte)) {
      this.send(RESEND);
      return;
    }
    this.send(ACK);
    switch (byte) {
      case 0xe6:
      case 0xe7:
        s.scaling = byte === 0xe7;
        break;
      case SET_RESOLUTION:
      case SET_RATE:
        s.pending = byte;
        break;
      case 0xe9:
        this.send(this.#status(), s.resolution, s.rate);
        break;
      case 0xea:
        s.remote = false;
        break;
      case 0xeb:
        this.#packet();
        break;
      case RESET_WRAP:
        s.wrap = false;
        break;
      case 0xee:
        s.wrap = true;
        break;
      case 0xf0:
        s.remote = true;
        break;
      case 0xf2:
        this.send(s.id);
        break;
      case 0xf4:
      case 0xf5:
        s.reporting = byte === 0xf4;
        break;
      case 0xf6:
        this.#s = { ...initial(), id: s.id };
        break;
      case RESET:
        this.reset();
        this.send(ACK, BAT_OK, 0x00);
    }
  }

  #parameter(value: number): void {
    const s = this.#s;
    if (s.pending === SET_RESOLUTION) s.resolution = value & 3;
    else {
      s.rate = value;
      s.rates = [...s.rates, value].slice(-3);
      if (s.rates.join() === '200,100,80') s.id = 3;
    }
    s.pending = 0;
    this.send(ACK);
  }

  /** Status byte 1: D6 remote, D5 enabled, D4 scaling 2:1, D2-D0 left, middle, right button. */
  #status(): number {
    const { remote, reporting, scaling, buttons } = this.#s;
    const pressed = ((buttons & 1) << 2) | ((buttons & 4) >> 1) | ((buttons & 2) >> 1);
    return (remote ? 0x40 : 0) | (reporting ? 0x20 : 0) | (scaling ? 0x10 : 0) | pressed;
  }

  #packet(): void {
    const s = this.#s;
    this.send(0x08 | s.buttons | (s.dx < 0 ? 0x10 : 0) | (s.dy < 0 ? 0x20 : 0), s.dx & 0xff, s.dy & 0xff);
    // The wheel counts towards the user, the other way round than motion.
    if (s.id === 3) this.send(-s.dz & 0xff);
    s.dx = s.dy = s.dz = 0;
  }
}

const COMMANDS = new Set([0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xee, 0xf0, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xff]);

import { ACK, BAT_OK, PS2_QUEUE, Ps2Device, RESEND } from './ps2-device.ts';
import { byteQueue, flag, int, record, type StateOf, u8 } from './state.ts';

const SHAPE = {
  scanning: flag,
  /** Scan code set 1 or 2. */
  set: int(1, 2),
  /** D0 scroll lock, D1 num lock, D2 caps lock. */
  leds: int(0, 7),
  /** Command that waits for its parameter, 0 for none. */
  pending: u8,
  queue: byteQueue(PS2_QUEUE),
};

const initial = (): Omit<StateOf<typeof SHAPE>, 'queue'> => ({ scanning: true, set: 2, leds: 0, pending: 0 });

const COMMAND = { setLeds: 0xed, echo: 0xee, scanCodeSet: 0xf0, identify: 0xf2, typematic: 0xf3, reset: 0xff };

/** Room kept for command answers, so that keys do not crowd them out. */
const ANSWER_ROOM = 8;

/**
 * 101-key keyboard (IBM Personal System/2 Hardware Interface Technical Reference, keyboards).
 * Scan code sets 1 and 2; set 3 is answered with RESEND.
 */
export class Ps2Keyboard extends Ps2Device {
  #s = initial();

  get leds(): number {
    return this.#s.leds;
  }

  /** A key by its set 2 code: one byte, or E0xxh for the extended keys. Dropped when the buffer is full. */
  key(code: number, pressed: boolean): void {
    if (!this.#s.scanning) return;
    const plain = this.#s.set === 1 ? SET2_TO_SET1[code & 0xff] : code & 0xff;
    const bytes = code > 0xff ? [0xe0] : [];
    if (this.#s.set === 1) bytes.push(pressed ? plain : plain | 0x80);
    else bytes.push(...(pressed ? [plain] : [0xf0, plain]));
    if (this.queue.length + bytes.length > PS2_QUEUE - ANSWER_ROOM) return;
    this.send(...bytes);
    this.onData();
  }

  reset(): void {
    this.#s = initial();
    this.queue.clear();
  }

  save(): unknown {
    return { ...this.#s, queue: this.queue.toBytes() };
  }

  load(state: unknown): void {
    const { queue, ...registers } = record(SHAPE)(state, 'keyboard');
    this.#s = registers;
    this.queue.clear();
    this.queue.push(queue);
  }

  protected command(byte: number): void {
    const s = this.#s;
    if (s.pending !== 0 && byte < 0xed) {
      this.#parameter(s.pending, byte);
      return;
    }
    s.pending = 0;
    switch (byte) {
      case COMMAND.setLeds:
      case COMMAND.scanCodeSet:
      case COMMAND.typematic:
        s.pending = byte;
        this.send(ACK);
        break;
      case COMMAND.echo:
        this.send(COMMAND.echo);
        break;
      case COMMAND.identify:
        this.send(ACK, 0xab, 0x83);
        break;
      case 0xf4:
        s.scanning = true;
        this.queue.clear();
        this.send(ACK);
        break;
      case 0xf5:
      case 0xf6:
        this.reset();
        this.#s.scanning = byte === 0xf6;
        this.send(ACK);
        break;
      case COMMAND.reset:
        this.reset();
        this.send(ACK, BAT_OK);
        break;
      default:
        this.send(RESEND);
    }
  }

  #parameter(command: number, value: number): void {
    const s = this.#s;
    s.pending = 0;
    if (command === COMMAND.setLeds) s.leds = value & 7;
    if (command === COMMAND.scanCodeSet) {
      if (value > 2) {
        this.send(RESEND);
        return;
      }
      if (value !== 0) s.set = value;
    }
    this.send(ACK);
    if (command === COMMAND.scanCodeSet && value === 0) this.send(s.set);
  }
}

/** What the 8042 turns set 2 codes into; from 80h on only two codes change. */
export const SET2_TO_SET1: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => code);
SET2_TO_SET1.set([
  0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59, 0x65, 0x38, 0x2a,
  0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b, 0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05,
  0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d, 0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a,
  0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f, 0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26,
  0x27, 0x19, 0x0c, 0x61, 0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63,
  0x76, 0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, 0x52, 0x53,
  0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54, 0x80, 0x81, 0x82, 0x41, 0x54,
]);

import type { Inst, IrBuilder, Known, ValueId } from '../../../cpu/ir/block.ts';
import { I32 } from './code.ts';
import type { Frame } from './frame.ts';
import { movableHalf } from './movable.ts';

/** A value as another one plus a distance. Values of one origin differ by their distances, whatever it is. */
interface Place {
  readonly origin: number;
  /** Bytes. */
  readonly distance: number;
}

/** Where an address lies in RAM: what was looked up for an access of `width` bytes. */
interface Found {
  /** The local with its offset in RAM. */
  readonly local: number;
  readonly distance: number;
  readonly width: number;
  readonly writable: boolean;
}

/** An access next to one that was looked up. */
export interface Near {
  readonly local: number;
  /** Bytes behind the offset in the local. */
  readonly by: number;
  /** All its bytes are of the one that was looked up. */
  readonly inside: boolean;
}

/** Farther than this two addresses are seldom in one page. */
const FAR = 2048;
/** Look-ups that are remembered at once. */
const MOST = 16;
/** Scales of an index are shifts. */
const MOST_SHIFT = 3;
/** The origin of small constants. */
const ZERO = 0;

/** What all that is known in one region shares. */
class Shared {
  readonly frame: Frame;
  #origins = ZERO + 1;
  readonly #byKey = new Map<string, number>();
  readonly locals: number[] = [];

  constructor(frame: Frame) {
    this.frame = frame;
  }

  /** Another origin. */
  origin(): number {
    return this.#origins++;
  }

  originOf(key: string): number {
    let origin = this.#byKey.get(key);
    if (origin === undefined) this.#byKey.set(key, (origin = this.origin()));
    return origin;
  }
}

/**
 * Follows addresses from instruction to instruction, and remembers where in RAM those lie that were looked up: an access
 * in the same page needs no look-up of its own while nothing but the region's own code runs.
 */
export class Lookups {
  readonly #shared: Shared;
  /** What registers hold, by the word of the state. */
  readonly #registers: Map<number, Place>;
  /** By origin; found longest ago first. */
  readonly #found: Map<number, Found>;
  #ir: IrBuilder | undefined;
  #values: Place[] = [];
  /** Conditional parts of the instruction that are open. */
  #arms = 0;

  private constructor(shared: Shared, registers?: Map<number, Place>, found?: Map<number, Found>) {
    this.#shared = shared;
    this.#registers = new Map(registers);
    this.#found = new Map(found);
  }

  /** Where a region begins. */
  static begin(frame: Frame): Lookups {
    return new Lookups(new Shared(frame));
  }

  /** Where several ways meet: nothing is known. */
  unknown(): Lookups {
    return new Lookups(this.#shared);
  }

  copy(): Lookups {
    return new Lookups(this.#shared, this.#registers, this.#found);
  }

  /** Begins the next instruction. */
  begin(ir: IrBuilder): void {
    this.#ir = ir;
    this.#values = [];
  }

  /** An instruction of the IR was printed. */
  note(inst: Inst, at: ValueId): void {
    switch (inst.op) {
      case 'get':
        // A later instruction may change the register before the value is used.
        if (inst.type === 'i64' && this.#shared.frame.isRegister(inst.slot.word))
          this.#values[at] = this.#register(inst.slot.word);
        return;
      case 'set': {
        const { word } = inst.slot;
        if (!this.#shared.frame.isRegister(word)) return;
        const whole = this.#arms === 0 && this.#ir!.typeOf(inst.value) === 'i64';
        this.#registers.set(
          word & ~1,
          whole ? this.#place(inst.value) : { origin: this.#shared.origin(), distance: 0 },
        );
        return;
      }
      case 'if':
        this.#arms++;
        return;
      case 'end':
        this.#arms--;
    }
  }

  /** Other code ran. */
  forget(): void {
    this.#found.clear();
  }

  /** The look-up next to which an access is. */
  near(address: ValueId, width: number, write: boolean): Near | undefined {
    const { origin, distance } = this.#place(address);
    const found = this.#found.get(origin);
    if (found === undefined || (write && !found.writable)) return undefined;
    const by = distance - found.distance;
    if (Math.abs(by) > FAR) return undefined;
    return { local: found.local, by, inside: by >= 0 && by + width <= found.width };
  }

  /** An access was looked up: the local for its offset in RAM. Undefined: it is not to be remembered. */
  remember(address: ValueId, width: number, writable: boolean): number | undefined {
    if (this.#arms > 0) return undefined;
    const { origin, distance } = this.#place(address);
    const local = this.#found.get(origin)?.local ?? this.#local();
    this.#found.delete(origin);
    this.#found.set(origin, { local, distance, width, writable });
    return local;
  }

  #local(): number {
    const { locals, frame } = this.#shared;
    const used = new Set([...this.#found.values()].map(({ local }) => local));
    const idle = locals.find((local) => !used.has(local));
    if (idle !== undefined) return idle;
    if (locals.length < MOST) {
      const local = frame.add(I32);
      locals.push(local);
      return local;
    }
    const [[oldest, { local }]] = this.#found as unknown as [[number, Found]];
    this.#found.delete(oldest);
    return local;
  }

  #register(word: number): Place {
    let place = this.#registers.get(word);
    if (place === undefined) this.#registers.set(word, (place = this.#unlike()));
    return place;
  }

  #place(value: ValueId): Place {
    return (this.#values[value] ??= this.#made(value));
  }

  #made(value: ValueId): Place {
    const inst = this.#ir!.insts[value]!;
    if (inst.op === 'const') return this.#constant(inst.low, inst.high);
    if (inst.op !== 'pure') return this.#unlike();
    const [left, right] = inst.args as [ValueId, ValueId];
    switch (inst.name) {
      case 'add64': {
        const [a, b] = [this.#place(left), this.#place(right)];
        if (a.origin === ZERO) return this.#at(b.origin, a.distance + b.distance);
        if (b.origin === ZERO) return this.#at(a.origin, a.distance + b.distance);
        return this.#at(this.#shared.originOf(`${a.origin}+${b.origin}`), a.distance + b.distance);
      }
      case 'sub64': {
        const [a, b] = [this.#place(left), this.#place(right)];
        return b.origin === ZERO ? this.#at(a.origin, a.distance - b.distance) : this.#unlike();
      }
      case 'shl64': {
        const a = this.#place(left);
        const count = this.#ir!.constant(right);
        if (typeof count !== 'number' || count > MOST_SHIFT) return this.#unlike();
        return this.#at(this.#shared.originOf(`${a.origin}<<${count}`), a.distance * 2 ** count);
      }
      default:
        return this.#unlike();
    }
  }

  #constant(low: Known, high: Known): Place {
    if (typeof low === 'string')
      return this.#at(this.#shared.originOf(`@${movableHalf(high)}`), movableHalf(low) >>> 0);
    if (high === low >> 31) return this.#at(ZERO, low);
    return this.#at(this.#shared.originOf(`=${high}`), low >>> 0);
  }

  #at(origin: number, distance: number): Place {
    return Math.abs(distance) <= 0xffffffff ? { origin, distance } : this.#unlike();
  }

  #unlike(): Place {
    return { origin: this.#shared.origin(), distance: 0 };
  }
}

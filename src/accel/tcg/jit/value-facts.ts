import type { Inst, IrBuilder, ValueId } from '../../../cpu/ir/block.ts';

/** What is known of a 32-bit value. */
interface Fact {
  /** The value is not above this, unsigned. */
  readonly most: number;
  /** Text of bits 0-7. */
  readonly low?: string | undefined;
  /** Bits 0-7 are zero. */
  readonly noLow?: boolean;
}

const ANY: Fact = { most: 0xffffffff };
const LOW = 0xff;
const NOT_LOW = ~LOW;

/**
 * Follows values along a block: bounds of them, and bytes that were put into a register. What a byte was put together
 * from need not be taken apart again, and an address that cannot leave a page needs no look-up that waits for it.
 */
export class ValueFacts {
  /** By word of the state. */
  readonly #registers = new Map<number, Fact>();
  #values = new Map<ValueId, Fact>();
  #ir: IrBuilder | undefined;

  /** Begins the next instruction of the block. */
  begin(ir: IrBuilder): void {
    this.#ir = ir;
    this.#values = new Map();
  }

  /** Number of the page in which an address surely lies. */
  pageOf(address: ValueId): number | undefined {
    const inst = this.#ir!.insts[address]!;
    if (inst.op !== 'pure' || inst.name !== 'add' || inst.type !== 'i32') return undefined;
    const [index, base] = inst.args as [ValueId, ValueId];
    const from = this.#constant(base);
    if (from === undefined) return undefined;
    const to = (from >>> 0) + this.#fact(index).most;
    return to >>> 12 === from >>> 12 && to <= 0xffffffff ? from >>> 12 : undefined;
  }

  load(at: ValueId, width: number): void {
    if (width < 4) this.#values.set(at, { most: width === 1 ? 0xff : 0xffff });
  }

  get(at: ValueId, word: number): void {
    const fact = this.#registers.get(word);
    if (fact !== undefined) this.#values.set(at, fact);
  }

  /** `sure`: the instruction does so each time that it runs. */
  set(word: number, value: ValueId, text: string, sure: boolean): void {
    const inst = this.#ir!.insts[value]!;
    const source = inst.op === 'pure' && inst.name === 'zext64' ? inst.args[0]! : value;
    const fact = this.#fact(source);
    if (sure && this.#ir!.typeOf(source) === 'i32' && fact !== ANY) this.#registers.set(word, withLow(fact, text));
    else this.#registers.delete(word);
  }

  /** Takes note of an operation; gives the text of its result where that is a value that has a name. */
  pure({ name, args, type }: Inst & { op: 'pure' }, at: ValueId, text: (value: ValueId) => string): string | undefined {
    if (type !== 'i32' || args.length !== 2) return undefined;
    const [a, b] = args as [ValueId, ValueId];
    const fact = this.#fact(a);
    const count = this.#constant(b);
    switch (name) {
      case 'and': {
        if (count === undefined) {
          const most = Math.min(fact.most, this.#fact(b).most);
          if (most < ANY.most) this.#values.set(at, { most });
          return undefined;
        }
        if (count === NOT_LOW && fact.most <= LOW) {
          this.#values.set(at, { most: 0, low: '0', noLow: true });
          return '0';
        }
        if (count === NOT_LOW) this.#values.set(at, { most: fact.most, noLow: true });
        else if (count >= 0)
          this.#values.set(at, { most: Math.min(fact.most, count), low: count === LOW ? fact.low : undefined });
        return count === LOW ? (fact.low ?? (fact.most <= LOW ? text(a) : undefined)) : undefined;
      }
      case 'or':
      case 'xor': {
        const other = this.#fact(b);
        if (fact.most === 0) {
          if (other !== ANY) this.#values.set(at, withLow(other, text(b)));
          return text(b);
        }
        const most = 2 ** (32 - Math.clz32(fact.most | other.most)) - 1;
        const low = fact.noLow && other.most <= LOW ? text(b) : undefined;
        if (most < ANY.most || low !== undefined) this.#values.set(at, { most, low });
        return undefined;
      }
      case 'shl':
        if (count !== undefined && fact.most * 2 ** (count & 31) < ANY.most)
          this.#values.set(at, { most: fact.most * 2 ** (count & 31) });
        return undefined;
      case 'shr':
        if (count !== undefined && (count & 31) !== 0) this.#values.set(at, { most: fact.most >>> count });
        return undefined;
      default:
        return undefined;
    }
  }

  #constant(value: ValueId): number | undefined {
    const inst = this.#ir!.insts[value]!;
    return inst.op === 'const' && typeof inst.low === 'number' ? inst.low : undefined;
  }

  #fact(value: ValueId): Fact {
    const known = this.#constant(value);
    return known === undefined ? (this.#values.get(value) ?? ANY) : { most: known >>> 0, noLow: (known & LOW) === 0 };
  }
}

/** A value below 256 is its own low byte. */
function withLow(fact: Fact, text: string): Fact {
  return fact.most <= LOW ? { ...fact, low: text } : fact;
}

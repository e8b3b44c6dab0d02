import type { Mmu } from '../../mmu/mmu.ts';
import type { Breakpoint, DebugCause } from '../accelerator.ts';
import type { CodeCache } from './code-cache.ts';

const overlap = (a: bigint, aLength: number, b: bigint, bLength: number): boolean =>
  a < b + BigInt(bLength) && b < a + BigInt(aLength);
const join = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

/** The debugger's breakpoints: execute ones sit in the predecoded code, data ones in the MMU's slow path. */
export class BreakpointSet {
  readonly #mmu: Mmu;
  readonly #code: CodeCache;
  #points: readonly Breakpoint[] = [];
  /** The instruction here runs once without stopping: the debugger goes on from it. */
  #skip: bigint | undefined;

  /** `thrown` ends the run before the instruction; `stop` notes why. */
  constructor(mmu: Mmu, code: CodeCache, stop: (cause: DebugCause) => void, thrown: object) {
    this.#mmu = mmu;
    this.#code = code;
    code.predecoder.breakAt = (low, high) => {
      const address = join(low, high);
      return this.#points.some((point) => point.kind === 'execute' && point.address === address);
    };
    code.predecoder.onBreak = (low, high) => {
      if (!this.stopsAt(join(low, high))) return;
      stop({ kind: 'breakpoint' });
      throw thrown;
    };
    mmu.onWatch = (low, high, bytes, write) => {
      const address = join(low, high);
      for (const { kind, address: at, length } of this.#points) {
        if (kind === 'execute' || (kind === 'write') !== write) if (kind !== 'access') continue;
        if (overlap(address, bytes, at, length))
          stop({ kind: 'watch', address: at, access: kind as 'read' | 'write' | 'access' });
      }
    };
  }

  set(points: readonly Breakpoint[]): void {
    this.#points = points;
    const pages = new Set<number>();
    for (const { kind, address, length } of points) {
      if (kind === 'execute') continue;
      for (let at = address & ~0xfffn; at < address + BigInt(length); at += 0x1000n) {
        const gpa = this.#mmu.probe(Number(BigInt.asIntN(32, at)), Number(BigInt.asIntN(32, at >> 32n)));
        if (gpa !== undefined) pages.add(gpa - (gpa % 4096));
      }
    }
    this.#mmu.watch([...pages]);
    this.#code.moving.enabled = points.length === 0;
    this.#code.clear();
  }

  /** True when there are data breakpoints, which want to stop right behind the instruction. */
  get watching(): boolean {
    return this.#points.some(({ kind }) => kind !== 'execute');
  }

  /** True when the run is to end before the instruction at a linear address. */
  stopsAt(address: bigint): boolean {
    if (this.#points.length === 0) return false;
    const skipped = this.#skip === address;
    this.#skip = undefined;
    return !skipped && this.#points.some((point) => point.kind === 'execute' && point.address === address);
  }

  /** The run starts at a linear address: a breakpoint there has been reported already. */
  resume(address: bigint): void {
    this.#skip = address;
  }
}

import { AR, CpuState, CR0, CR4, EFER, FS, GS, LDTR, RSP, TR } from '../../src/cpu/state.ts';
import {
  BASE,
  CODE,
  CODE_32,
  CODE_64,
  CODE_END,
  CURRENT,
  DATA,
  GDT,
  HANDLERS,
  IDT,
  INPUT,
  KERNEL_CODE,
  KERNEL_DATA,
  KERNEL_STACK,
  PAGE,
  RAM_BYTES,
  READ_ONLY,
  type Segment,
  STUBS,
  TABLES,
  TSS,
  TSS_SELECTOR,
  UNMAPPED,
  USER_DATA,
  VECTORS,
  type World,
} from './layout.ts';

const HLT = 0xf4;
const [PRESENT, WRITE, USER] = [1n, 2n, 4n];
const NX = 1n << 63n;
/** INT3, INTO and one INT n may be called from ring 3. */
const CALLABLE = new Set([3, 4, 0x80]);

/** Fills empty memory with page tables, descriptor tables and handlers. */
export function buildMemory(world: World, u8: Uint8Array, view: DataView): void {
  const tables = new PageTables(view);
  for (let at = 0; at < RAM_BYTES; at += PAGE) {
    if (isMapped(at)) tables.map(BigInt(BASE + at), at, rightsOf(at));
  }
  for (let n = 0; n < 3; n++) tables.map(world.alias + BigInt(n * PAGE), DATA + n * PAGE, rightsOf(DATA + n * PAGE));
  u8.fill(HLT, HANDLERS, HANDLERS + 16 * VECTORS);
  u8.fill(HLT, CODE, CODE_END);
  for (let n = 0; n < PAGE; n++) u8[READ_ONLY + n] = readOnlyByte(n);
  buildDescriptors(view);
}

/** What is in the page that cannot be written. */
const readOnlyByte = (n: number): number => (n * 37 + (n >> 3)) & 255;

const isMapped = (at: number): boolean =>
  at < CODE_END || (at >= INPUT && at <= CURRENT) || (at >= DATA && at < UNMAPPED);

function rightsOf(at: number): bigint {
  if (at >= STUBS && at < CODE_END) return PRESENT | USER;
  if (at === READ_ONLY) return PRESENT | USER | NX;
  if ((at >= INPUT && at <= CURRENT) || (at >= DATA && at < READ_ONLY)) return PRESENT | WRITE | USER | NX;
  return PRESENT | WRITE;
}

class PageTables {
  readonly #view: DataView;
  #next = TABLES + PAGE;

  constructor(view: DataView) {
    this.#view = view;
  }

  map(linear: bigint, frame: number, rights: bigint): void {
    let table = TABLES;
    for (const shift of [39n, 30n, 21n]) {
      const at = table + 8 * Number((linear >> shift) & 511n);
      if (this.#view.getBigUint64(at, true) === 0n) {
        if (this.#next >= GDT) throw new Error('no room for another page table');
        this.#view.setBigUint64(at, BigInt(this.#next) | PRESENT | WRITE | USER, true);
        this.#next += PAGE;
      }
      table = Number(this.#view.getBigUint64(at, true) & ~0xfffn);
    }
    this.#view.setBigUint64(table + 8 * Number((linear >> 12n) & 511n), BigInt(frame) | rights, true);
  }
}

function buildDescriptors(view: DataView): void {
  const put = (selector: number, value: bigint): void => view.setBigUint64(GDT + (selector & ~7), value, true);
  put(KERNEL_CODE, 0x00af_9b00_0000_ffffn);
  put(KERNEL_DATA, 0x00cf_9300_0000_ffffn);
  put(CODE_32, 0x00cf_fb00_0000_ffffn);
  put(USER_DATA, 0x00cf_f300_0000_ffffn);
  put(CODE_64, 0x00af_fb00_0000_ffffn);
  const tss = BigInt(BASE + TSS);
  put(TSS_SELECTOR, 0x67n | ((tss & 0xffffffn) << 16n) | (0x8bn << 40n) | ((tss >> 24n) << 56n));
  for (let vector = 0; vector < VECTORS; vector++) {
    const handler = BASE + HANDLERS + 16 * vector;
    const type = CALLABLE.has(vector) ? 0xee00 : 0x8e00;
    view.setUint32(IDT + 16 * vector, (KERNEL_CODE << 16) | (handler & 0xffff), true);
    view.setUint32(IDT + 16 * vector + 4, (handler & 0xffff0000) | type, true);
  }
  view.setBigUint64(TSS + 4, BigInt(BASE + KERNEL_STACK), true);
  // No I/O permission map: it begins behind the segment.
  view.setUint16(TSS + 0x66, 0x68, true);
}

/** Ring 3 before any case, at `ip`. `extensions`: XSAVE and FSGSBASE are switched on. */
export function userState(world: World, ip: number, extensions: boolean): CpuState {
  const state = new CpuState();
  const set = (seg: number, { selector, base, limit, attributes }: Segment): void => {
    state.set('selector', BigInt(selector), seg);
    state.set('attributes', BigInt(attributes), seg);
    state.set('limit', BigInt(limit), seg);
    state.set('base', base, seg);
  };
  world.segments.forEach((segment, seg) => {
    set(seg, segment);
  });
  if (world.code === 64) {
    set(FS, { ...world.segments[FS]!, selector: 0, base: world.fsBase });
    set(GS, { ...world.segments[GS]!, selector: 0, base: world.gsBase });
  }
  set(LDTR, { selector: 0, base: 0n, limit: 0, attributes: AR.UNUSABLE });
  set(TR, { selector: TSS_SELECTOR, base: BigInt(BASE + TSS), limit: 0x67, attributes: 0x8b });
  state.set('cpl', 3n);
  state.set('rip', BigInt(ip));
  state.set('gpr', BigInt(BASE + CURRENT), RSP);
  state.set('rflags', 0x202n);
  state.set('cr0', BigInt((CR0.PE | CR0.PG | CR0.WP | CR0.ET | CR0.NE | CR0.MP | CR0.AM) >>> 0));
  state.set('cr3', BigInt(TABLES));
  const more = extensions ? CR4.OSXSAVE | CR4.FSGSBASE : 0;
  state.set('cr4', BigInt(CR4.PAE | CR4.OSFXSR | CR4.OSXMMEXCPT | more));
  state.set('efer', BigInt(EFER.LME | EFER.LMA | EFER.NXE | EFER.SCE));
  state.set('gdtrBase', BigInt(BASE + GDT));
  state.set('gdtrLimit', 0x4fn);
  state.set('idtrBase', BigInt(BASE + IDT));
  state.set('idtrLimit', BigInt(16 * VECTORS - 1));
  state.set('fcw', 0x37fn);
  state.set('mxcsr', 0x1f80n);
  state.set('xcr0', extensions ? 3n : 1n);
  state.set('dr', 0xffff0ff0n, 6);
  state.set('dr', 0x400n, 7);
  return state;
}

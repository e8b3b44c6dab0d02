import { allocateRam, createTcg } from '../../src/accel/tcg/index.ts';
import type { TcgVcpu } from '../../src/accel/tcg/vcpu.ts';
import { parseCpuModel } from '../../src/cpu/cpuid.ts';
import { updateMode } from '../../src/cpu/mode.ts';
import {
  AR,
  BOOKKEEPING,
  CpuState,
  CR0,
  CR4,
  CS,
  EFER,
  ES,
  FIELDS,
  type FieldName,
  FLAG,
  GS,
  LDTR,
  TR,
  W,
} from '../../src/cpu/state.ts';
import { AddressMap } from '../../src/memory/address-map.ts';
import { emits, optionsOf, type TestTier } from '../support/tiers.ts';
import { REGISTERS } from './cases.ts';
import { compileAtRip, leadIn } from './jit-frame.ts';

const RAM = 0x10000;
const CODE = 0x1100;
const STACK = 0x3000;
const GDT = 0x4000;
const LDT = 0x4800;
const IDT = 0x5000;
const TSS = 0x6000;
const HANDLERS = 0x7000;
const PAGES = 0x8000;
const HLT = 0xf4;
const TSC = 0x123456789n;
const PORT_VALUE = 0x89abcdef;
const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'];
/** Gates that ring 3 may use: INT3, INTO, INT 80h. */
const USER_GATES = [3, 4, 0x80];

interface Descriptor {
  readonly base: number;
  readonly limit: number;
  readonly attributes: number;
}
const segment = (attributes: number, limit = 0xffffffff, base = 0): Descriptor => ({ base, limit, attributes });

/** The GDT by selector; the limit is in bytes. */
const DESCRIPTORS: Readonly<Record<number, Descriptor>> = {
  8: segment(0xc09b),
  16: segment(0xc093),
  24: segment(0xc0fb),
  32: segment(0xc0f3),
  40: segment(0xa0fb),
  48: segment(0xa09b),
  56: segment(0xc093),
  64: segment(0x4093, 0xfff, 0x2000),
  72: segment(0x009b, 0xffff),
  80: segment(0x0093, 0xffff),
  88: segment(0x4099, 0xffff),
  96: segment(0x40f1, 0xfff),
  120: segment(0x8b, 0x67, TSS),
  136: segment(0x82, 0x1f, LDT),
};
const CALL_GATE = 104;
const AVAILABLE_TSS = 0x89;

/** Processor modes that cases begin in; `u` is CPL 3. */
export const MODES = {
  real: { width: 16, code: 0, stack: 0, user: false },
  p16: { width: 16, code: 0x48, stack: 0x50, user: false },
  p32: { width: 32, code: 0x08, stack: 0x10, user: false },
  p32u: { width: 32, code: 0x1b, stack: 0x23, user: true },
  l64: { width: 64, code: 0x30, stack: 0x10, user: false },
  l64u: { width: 64, code: 0x2b, stack: 0x23, user: true },
} as const;
export type ModeName = keyof typeof MODES;

/** The lazy flags are compared as `f`, segment registers as a whole. */
const NOT_COMPARED: ReadonlySet<FieldName> = new Set([...BOOKKEEPING, 'selector', 'attributes', 'limit', 'base']);

const hex = (value: bigint | number): string => value.toString(16);
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'hex');

/** A whole machine: registers, memory, what ports saw, and the exception that was raised. */
class Snapshot {
  readonly cpu = new CpuState();
  readonly ram = new Uint8Array(RAM);
  readonly io: string[] = [];
  exception = '';

  copy(): Snapshot {
    const copy = new Snapshot();
    copy.cpu.copyFrom(this.cpu);
    copy.ram.set(this.ram);
    return copy;
  }

  /** Loads a segment register with a descriptor of the GDT, or as real-address mode does. */
  segment(seg: number, selector: number): void {
    const { cpu } = this;
    cpu.set('selector', BigInt(selector), seg);
    const known = DESCRIPTORS[selector & ~7];
    if ((cpu.get('cr0') & 1n) === 0n) cpu.set('base', BigInt(selector << 4), seg);
    else if (known === undefined) cpu.set('attributes', BigInt(AR.UNUSABLE), seg);
    else {
      cpu.set('attributes', BigInt(known.attributes), seg);
      cpu.set('limit', BigInt(known.limit), seg);
      cpu.set('base', BigInt(known.base), seg);
    }
  }

  /**
   * Makes the changes of a list: `rax=1`, `f=202` (RFLAGS), `ds=10` with its hidden part, `dr:7=400` (an element of
   * a field), `xmm1=...` and `st1=...` (bytes of the physical register), `@2000=...` (bytes of memory),
   * `io=in60:1`, `#13(0)` with an error code and `#6` without.
   */
  apply(list: string): this {
    if (list !== '-') for (const item of list.split(',')) this.#change(item);
    return this;
  }

  #change(item: string): void {
    const { cpu, ram } = this;
    const [name, text = ''] = item.split('=') as [string, string?];
    const value = (): bigint => BigInt(`0x${text}`);
    const [field, index = '0'] = name.split(':') as [FieldName, string?];
    const vector = /^(xmm|st)(\d+)$/.exec(name);
    if (name.startsWith('#')) this.exception = name;
    else if (name === 'io') this.io.push(text);
    else if (name.startsWith('@')) ram.set(bytesOf(text), Number.parseInt(name.slice(1), 16));
    else if (name === 'f') {
      cpu.set('rflags', value() & ~BigInt(FLAG.ARITH));
      cpu.set('flagA', value() & BigInt(FLAG.ARITH));
    } else if (REGISTERS.includes(name)) cpu.set('gpr', value(), REGISTERS.indexOf(name));
    else if (SEGMENTS.includes(name)) this.segment(SEGMENTS.indexOf(name), Number(value()));
    else if (vector !== null) cpu.bytes.set(bytesOf(text), 4 * (W[vector[1] as 'st'] + 4 * Number(vector[2])));
    else if (field in FIELDS) cpu.set(field, value(), Number(index));
    else throw new Error(`case item "${item}" is not understood`);
  }

  registers(): bigint[] {
    return REGISTERS.map((_, n) => this.cpu.get('gpr', n));
  }

  /** Everything but memory that a case can see, by name. */
  facts(): Map<string, string> {
    const { cpu } = this;
    const facts = new Map<string, string>([
      ['io', this.io.join(' ')],
      ['exception', this.exception],
      ['f', hex(cpu.get('rflags') | (cpu.get('flagA') & BigInt(FLAG.ARITH)))],
    ]);
    for (const [name, { word, stride, count }] of Object.entries(FIELDS)) {
      if (NOT_COMPARED.has(name as FieldName)) continue;
      for (let n = 0; n < count; n++) {
        const words = cpu.words.subarray(word + n * stride, word + (n + 1) * stride);
        const label = name === 'gpr' ? REGISTERS[n]! : count > 1 ? `${name}:${n}` : name;
        facts.set(
          label,
          [...words]
            .reverse()
            .map((each) => hex(each >>> 0).padStart(8, '0'))
            .join('_'),
        );
      }
    }
    SEGMENTS.forEach((name, seg) => {
      const [selector, attributes, limit, base] = (['selector', 'attributes', 'limit', 'base'] as const).map((field) =>
        cpu.get(field, seg),
      );
      const usable = (Number(attributes) & AR.UNUSABLE) === 0;
      const hidden = usable ? ` ${hex(attributes!)} ${hex(limit!)} ${hex(base!)}` : ' unusable';
      facts.set(name, hex(selector!) + hidden);
    });
    return facts;
  }
}

/** What differs between two machines, a line each. */
function differences(wanted: Snapshot, got: Snapshot): string[] {
  const after = got.facts();
  const lines = [...wanted.facts()].flatMap(([name, value]) =>
    value === after.get(name) ? [] : [`${name}: wanted ${value}, got ${after.get(name)}`],
  );
  for (let at = 0; at < RAM; at++) {
    if (wanted.ram[at] === got.ram[at]) continue;
    const [a, b] = [wanted, got].map(({ ram }) => Buffer.from(ram.subarray(at, at + 8)).toString('hex'));
    lines.push(`@${hex(at)}: wanted ${a}, got ${b}`);
    at += 7;
  }
  return lines;
}

/** Runs single instructions at every privilege level, with all of the state in view. */
export class SystemMachine {
  readonly vcpu: TcgVcpu;
  readonly #tier: TestTier;
  readonly #ram = allocateRam(RAM);
  readonly #map = new AddressMap(this.#ram);
  readonly #bases = new Map<ModeName, Snapshot>();
  #io: string[] = [];
  #exception = '';

  constructor(tier: TestTier) {
    this.#tier = tier;
    this.#map.add({ base: 0, length: RAM, name: 'ram', kind: 'ram', offset: 0 });
    const ports = {
      read: (port: number, size: number): number => {
        this.#io.push(`in${hex(port)}:${size}`);
        return size === 4 ? PORT_VALUE : PORT_VALUE & (size === 2 ? 0xffff : 0xff);
      },
      write: (port: number, size: number, value: number): void => {
        this.#io.push(`out${hex(port)}:${size}:${hex(value)}`);
      },
    };
    const interrupts = { pending: false, acknowledge: () => 0 };
    const board = { memory: this.#map, ports, interrupts };
    this.vcpu = createTcg(board, { model: parseCpuModel('max'), ...optionsOf(tier), tsc: () => TSC, loopAfter: 0 });
    this.vcpu.traceInterrupt = (line) => {
      const [, vector, code, kind] = /^v=(\w+) e=(\S+) (\w+)/.exec(line)!;
      if (kind !== 'fault' || this.#exception !== '') return;
      this.#exception = `#${Number.parseInt(vector!, 16)}${code === '-' ? '' : `(${code})`}`;
    };
  }

  /** What one instruction does otherwise than `changed` says; nothing when all is well. */
  check(mode: ModeName, bytes: Uint8Array, given: string, changed: string): string[] {
    const before = this.#base(mode).copy().apply(given);
    const wanted = before.copy();
    wanted.cpu.set('rip', BigInt(CODE + bytes.length));
    wanted.apply(changed);
    const got = this.#run(before, bytes);
    if (wanted.exception === '' && got.exception === '') return differences(wanted, got);
    // A handler was entered: the registers must be as they were, for the instruction may be run again.
    const touched = before
      .registers()
      .flatMap((value, n) => (n === 4 || value === got.registers()[n] ? [] : [REGISTERS[n]]));
    if (touched.length > 0) return [`${got.exception} changed ${touched}`];
    return wanted.exception === got.exception ? [] : [`wanted ${wanted.exception}, got ${got.exception}`];
  }

  #run(before: Snapshot, bytes: Uint8Array): Snapshot {
    const { vcpu } = this;
    const { u8 } = this.#ram;
    u8.set(before.ram);
    u8.set(bytes, CODE);
    vcpu.forgetCode();
    this.#io = [];
    this.#exception = '';
    updateMode(before.cpu.words);
    vcpu.writeState(before.cpu);
    let instructions = 1;
    let tail = 0;
    if (emits(this.#tier)) {
      const frame = leadIn(u8, CODE, bytes, before.cpu.words[W.mode]!);
      ({ instructions, tail } = frame);
      vcpu.state.set('rip', BigInt(CODE - frame.lead));
      compileAtRip(vcpu);
    }
    const exit = vcpu.run(instructions);
    if (exit.reason === 'fatal') throw new Error(exit.message);
    const after = new Snapshot();
    vcpu.readState(after.cpu);
    after.ram.set(u8);
    after.ram.set(before.ram.subarray(CODE - 16, CODE + 32), CODE - 16);
    after.io.push(...this.#io);
    after.exception = this.#exception;
    if (after.exception === '') after.cpu.set('rip', after.cpu.get('rip') - BigInt(tail));
    return after;
  }

  // ---- where cases begin ----

  #base(mode: ModeName): Snapshot {
    let base = this.#bases.get(mode);
    if (base === undefined) this.#bases.set(mode, (base = makeBase(mode)));
    return base;
  }
}

function makeBase(name: ModeName): Snapshot {
  const mode = MODES[name];
  const base = new Snapshot();
  const { cpu, ram } = base;
  const view = new DataView(ram.buffer);
  const long = mode.width === 64;
  ram.fill(HLT, CODE & ~0xfff, (CODE & ~0xfff) + 0x1000);
  cpu.set('rip', BigInt(CODE));
  cpu.set('gpr', BigInt(STACK), 4);
  cpu.set('dr', 0xffff0ff0n, 6);
  cpu.set('dr', 0x400n, 7);
  cpu.set('fcw', 0x37fn);
  cpu.set('mxcsr', 0x1f80n);
  cpu.set('xcr0', 1n);
  base.apply('f=202');
  if (name === 'real') return realBase(base, view);
  cpu.set('cr0', BigInt((CR0.PE | CR0.ET | CR0.NE | (long ? CR0.PG : 0)) >>> 0));
  cpu.set('cr4', BigInt(CR4.OSFXSR | (long ? CR4.PAE : 0)));
  cpu.set('cpl', mode.user ? 3n : 0n);
  cpu.set('gdtrBase', BigInt(GDT));
  cpu.set('gdtrLimit', 0xffn);
  cpu.set('idtrBase', BigInt(IDT));
  cpu.set('idtrLimit', 0xfffn);
  for (const [selector, descriptor] of Object.entries(DESCRIPTORS)) putDescriptor(view, Number(selector), descriptor);
  for (let seg = ES; seg <= GS; seg++) base.segment(seg, seg === CS ? mode.code : seg <= 3 ? mode.stack : 0);
  base.segment(TR, 0x78);
  base.segment(LDTR, 0);
  putGates(view, long);
  if (long) putLongMode(base, view);
  else {
    view.setUint32(TSS + 4, STACK + 0x800, true);
    view.setUint32(TSS + 8, 0x10, true);
  }
  view.setUint16(TSS + 0x66, 0x68, true);
  return base;
}

function realBase(base: Snapshot, view: DataView): Snapshot {
  const { cpu } = base;
  cpu.set('cr0', BigInt(CR0.ET));
  cpu.set('idtrLimit', 0x3ffn);
  for (let seg = ES; seg <= GS; seg++) {
    cpu.set('limit', 0xffffn, seg);
    cpu.set('attributes', BigInt(AR.P | AR.S | AR.WRITABLE | AR.ACCESSED | (seg === CS ? AR.CODE : 0)), seg);
  }
  for (const seg of [LDTR, TR]) cpu.set('attributes', BigInt(AR.UNUSABLE), seg);
  for (let vector = 0; vector < 256; vector++) view.setUint32(4 * vector, HANDLERS + 16 * vector, true);
  return base;
}

function putDescriptor(view: DataView, selector: number, { base, limit, attributes }: Descriptor): void {
  const scaled = (attributes & AR.G) !== 0 ? limit >>> 12 : limit;
  const type = selector === 120 ? (attributes & ~0xff) | AVAILABLE_TSS : attributes;
  view.setUint32(GDT + selector, (scaled & 0xffff) | (base << 16), true);
  view.setUint32(
    GDT + selector + 4,
    ((base >>> 16) & 0xff) | (type << 8) | (scaled & 0xf0000) | (base & 0xff000000),
    true,
  );
}

/** Interrupt gates to one handler for each vector, and a call gate of DPL 3 to offset 1180h. */
function putGates(view: DataView, long: boolean): void {
  const code = long ? 0x30 : 0x08;
  for (let vector = 0; vector < 256; vector++) {
    const at = IDT + (long ? 16 : 8) * vector;
    view.setUint32(at, (code << 16) | (HANDLERS + 16 * vector), true);
    view.setUint32(at + 4, USER_GATES.includes(vector) ? 0xee00 : 0x8e00, true);
  }
  view.setUint32(GDT + CALL_GATE, (code << 16) | 0x1180, true);
  view.setUint32(GDT + CALL_GATE + 4, 0xec00, true);
}

/** Identity paging by one page of 2 MiB, accessed and dirty already. */
function putLongMode({ cpu }: Snapshot, view: DataView): void {
  cpu.set('cr3', BigInt(PAGES));
  cpu.set('efer', BigInt(EFER.LME | EFER.LMA | EFER.SCE));
  view.setUint32(PAGES, (PAGES + 0x1000) | 0x67, true);
  view.setUint32(PAGES + 0x1000, (PAGES + 0x2000) | 0x67, true);
  view.setUint32(PAGES + 0x2000, 0xe7, true);
  view.setUint32(TSS + 4, STACK + 0x800, true);
}

import { PHYSICAL_BITS } from '../mmu/page-tables.ts';
import { addFeature, canonicalFeature, FEATURES, isFeature, removeFeature, UNSUPPORTED } from './features.ts';

type Vendor = 'GenuineIntel' | 'AuthenticAMD';
export type CpuidResult = readonly [eax: number, ebx: number, ecx: number, edx: number];

/** What kind of processor the guest sees. */
export interface CpuModel {
  /** As given on the command line, e.g. `qemu64,-pni`. */
  readonly name: string;
  readonly vendor: Vendor;
  /** MAXPHYADDR. */
  readonly physicalBits: number;
  /** QEMU's spelling. */
  readonly features: ReadonlySet<string>;
  /** Aliases and any case are understood; throws when there is no such feature. */
  has(feature: string): boolean;
  /**
   * CPUID without what depends on the state of the CPU (OSXSAVE): int32 values. Leaves beyond the last basic
   * one answer as the last basic leaf on Intel models, with zeros on AMD ones.
   */
  cpuid(leaf: number, subleaf: number): CpuidResult;
}

interface ModelSpec {
  readonly vendor: Vendor;
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
  readonly lastBasic: number;
  readonly lastExtended: number;
  readonly brand: string;
  readonly features: readonly string[];
}

const BASE_32 = 'fpu de pse tsc msr pae mce cx8 sep pge cmov pat mmx fxsr sse sse2 pni hypervisor'.split(' ');
const BASE_64 = [...BASE_32, ...'mtrr mca pse36 clflush cx16 syscall nx lm lahf-lm invtsc tsc-adjust'.split(' ')];

const MODELS: Readonly<Record<string, ModelSpec>> = {
  qemu32: {
    vendor: 'GenuineIntel',
    family: 6,
    model: 6,
    stepping: 3,
    lastBasic: 4,
    lastExtended: 0x80000004,
    brand: 'emu Virtual CPU, 32 bit',
    features: BASE_32,
  },
  qemu64: {
    vendor: 'AuthenticAMD',
    family: 15,
    model: 107,
    stepping: 1,
    lastBasic: 0xd,
    lastExtended: 0x80000008,
    brand: 'emu Virtual CPU, 64 bit',
    features: BASE_64,
  },
  max: {
    vendor: 'AuthenticAMD',
    family: 15,
    model: 107,
    stepping: 1,
    lastBasic: 0xd,
    lastExtended: 0x80000008,
    brand: 'emu Virtual CPU, all features',
    features: FEATURES.map((feature) => feature.name),
  },
};

export const MODEL_NAMES: readonly string[] = Object.keys(MODELS);
export const DEFAULT_MODEL = 'max';

/** The hypervisor leaf's signature, twelve characters. */
const HYPERVISOR = 'emu.emu.emu.';
const LINE_SIZE = 64;
const LEVEL_1 = { kib: 64, ways: 2 };
const LEVEL_2 = { kib: 512, ways: 16 };

const fourCharacters = (text: string, from: number): number =>
  text.charCodeAt(from) |
  (text.charCodeAt(from + 1) << 8) |
  (text.charCodeAt(from + 2) << 16) |
  (text.charCodeAt(from + 3) << 24);

/** Four characters of the zero-padded, 48-byte brand string each. */
function brandWords(brand: string, part: number): CpuidResult {
  const padded = brand.padEnd(48, '\0');
  const word = (n: number): number => fourCharacters(padded, part * 16 + n * 4);
  return [word(0), word(1), word(2), word(3)];
}

/** CPUID.1:EAX (SDM 2A figure 3-6). */
function signature({ family, model, stepping }: ModelSpec): number {
  const base = Math.min(family, 15);
  return ((family - base) << 20) | ((model >> 4) << 16) | (base << 8) | ((model & 15) << 4) | stepping;
}

/** One cache of leaf 4: type 1 data, 2 instructions, 3 unified. */
function cacheLeaf(type: number, level: number, { kib, ways }: { kib: number; ways: number }): CpuidResult {
  const sets = (kib * 1024) / (ways * LINE_SIZE);
  return [type | (level << 5) | (1 << 8), ((ways - 1) << 22) | (LINE_SIZE - 1), sets - 1, 0];
}

const NOTHING: CpuidResult = [0, 0, 0, 0];
/** XSAVE area of x87 and SSE state: the 512 bytes of FXSAVE and the 64-byte header. */
const XSAVE_BYTES = 576;

class TableModel implements CpuModel {
  readonly name: string;
  readonly vendor: Vendor;
  readonly physicalBits = PHYSICAL_BITS;
  readonly features: ReadonlySet<string>;
  readonly #spec: ModelSpec;

  constructor(name: string, spec: ModelSpec, features: ReadonlySet<string>) {
    this.name = name;
    this.vendor = spec.vendor;
    this.features = features;
    this.#spec = spec;
  }

  has(feature: string): boolean {
    const name = canonicalFeature(feature);
    if (!isFeature(name) && !UNSUPPORTED.has(name)) throw new Error(`there is no CPU feature "${feature}"`);
    return this.features.has(name);
  }

  cpuid(leaf: number, subleaf: number): CpuidResult {
    const { lastBasic, lastExtended } = this.#spec;
    const number = leaf >>> 0;
    if (number >= 0x80000000) return number <= lastExtended ? this.#extended(number) : this.#beyond(subleaf);
    if (number >>> 16 === 0x4000 && this.features.has('hypervisor')) return this.#hypervisor(number);
    return number <= lastBasic ? this.#basic(number, subleaf >>> 0) : this.#beyond(subleaf);
  }

  #beyond(subleaf: number): CpuidResult {
    return this.vendor === 'GenuineIntel' ? this.#basic(this.#spec.lastBasic, subleaf >>> 0) : NOTHING;
  }

  #bits(leaf: number, register: string): number {
    let bits = 0;
    for (const feature of FEATURES) {
      if (feature.leaf === leaf && feature.register === register && this.features.has(feature.name)) {
        bits |= 1 << feature.bit;
      }
    }
    return bits;
  }

  #vendorLeaf(last: number): CpuidResult {
    const word = (n: number): number => fourCharacters(this.vendor, n * 4);
    return [last | 0, word(0), word(2), word(1)];
  }

  #basic(leaf: number, subleaf: number): CpuidResult {
    switch (leaf) {
      case 0:
        return this.#vendorLeaf(this.#spec.lastBasic);
      case 1: {
        const lines = this.features.has('clflush') ? (LINE_SIZE / 8) << 8 : 0;
        return [signature(this.#spec), lines | (1 << 16), this.#bits(1, 'ecx'), this.#bits(1, 'edx')];
      }
      case 2:
        // Descriptor FFh: the caches are described by leaf 4.
        return this.vendor === 'GenuineIntel' ? [0xff01, 0, 0, 0] : NOTHING;
      case 4:
        if (this.vendor !== 'GenuineIntel') return NOTHING;
        if (subleaf > 2) return NOTHING;
        return subleaf === 2 ? cacheLeaf(3, 2, LEVEL_2) : cacheLeaf(subleaf + 1, 1, LEVEL_1);
      case 7:
        return subleaf === 0 ? [0, this.#bits(7, 'ebx'), this.#bits(7, 'ecx'), 0] : NOTHING;
      case 0xb:
        // One thread in one core.
        return subleaf < 2 ? [0, 1, subleaf | ((subleaf + 1) << 8), 0] : [0, 0, subleaf & 0xff, 0];
      case 0xd:
        return this.features.has('xsave') && subleaf === 0 ? [3, XSAVE_BYTES, XSAVE_BYTES, 0] : NOTHING;
      default:
        return NOTHING;
    }
  }

  #hypervisor(leaf: number): CpuidResult {
    if (leaf !== 0x40000000) return NOTHING;
    const word = (n: number): number => fourCharacters(HYPERVISOR, n * 4);
    return [0x40000000, word(0), word(1), word(2)];
  }

  #extended(leaf: number): CpuidResult {
    const amd = this.vendor === 'AuthenticAMD';
    switch (leaf) {
      case 0x80000000:
        return amd ? this.#vendorLeaf(this.#spec.lastExtended) : [this.#spec.lastExtended | 0, 0, 0, 0];
      case 0x80000001:
        return [
          amd ? signature(this.#spec) : 0,
          0,
          this.#bits(leaf, 'ecx'),
          this.#amdCopies() | this.#bits(leaf, 'edx'),
        ];
      case 0x80000002:
      case 0x80000003:
      case 0x80000004:
        return brandWords(this.#spec.brand, leaf - 0x80000002);
      case 0x80000005: {
        const cache = (LEVEL_1.kib << 24) | (LEVEL_1.ways << 16) | (1 << 8) | LINE_SIZE;
        return amd ? [0, 0, cache, cache] : NOTHING;
      }
      case 0x80000006:
        // Associativity code 8: 16 ways; code 6 on Intel's side stands for 8 ways, which is not ours.
        return [0, 0, (LEVEL_2.kib << 16) | (8 << 12) | (amd ? 1 << 8 : 0) | LINE_SIZE, 0];
      case 0x80000007:
        return [0, 0, 0, this.#bits(leaf, 'edx')];
      case 0x80000008:
        return [this.physicalBits | ((this.features.has('lm') ? 48 : 32) << 8), 0, 0, 0];
      default:
        return NOTHING;
    }
  }

  /** AMD repeats most of leaf 1 EDX in leaf 80000001h (APM 3 E.4.2). */
  #amdCopies(): number {
    return this.vendor === 'AuthenticAMD' ? this.#bits(1, 'edx') & 0x0183f3ff : 0;
  }
}

function applyFeature(set: Set<string>, item: string): void {
  const [, sign, key, value] = /^([+-]?)([^=]*)(?:=(.*))?$/.exec(item)!;
  const name = canonicalFeature(key!);
  if (sign === '' && value !== 'on' && value !== 'off') {
    throw new Error(`CPU feature "${item}": write +${item} or -${item}`);
  }
  const on = sign === '+' || value === 'on';
  if (isFeature(name)) (on ? addFeature : removeFeature)(set, name);
  else if (!UNSUPPORTED.has(name)) {
    throw new Error(`unknown CPU feature "${key}"; valid names are ${FEATURES.map((f) => f.name).join(' ')}`);
  } else if (on) throw new Error(`CPU feature "${key}" is not emulated; leave it out`);
}

/**
 * Reads `MODEL[,±FEATURE...]` (also FEATURE=on|off). Throws an Error whose message lists what is valid.
 */
export function parseCpuModel(text: string): CpuModel {
  const [base = '', ...changes] = text.split(',').map((part) => part.trim());
  const spec = Object.hasOwn(MODELS, base) ? MODELS[base]! : undefined;
  if (spec === undefined) throw new Error(`unknown CPU model "${base}"; valid models are ${MODEL_NAMES.join(', ')}`);
  const features = new Set(spec.features);
  for (const item of changes) applyFeature(features, item);
  return new TableModel(text, spec, features);
}

import { canonicalFeature } from '../features.ts';
import { type OperandSpec, operandSpec, SOURCE } from '../operands.ts';
import { MAPS, type Match, type Row } from './row.ts';

/** A row with its operand codes read, as the decoder wants it. */
export interface Form {
  readonly row: Row;
  readonly specs: readonly OperandSpec[];
  readonly modrm: boolean;
  /** A register operand whatever ModRM.mod says: no displacement follows. */
  readonly modIgnored: boolean;
  /** What match and operands together ask of ModRM.mod. */
  readonly mod: Match['mod'];
  readonly vvvv: boolean;
  /** 64-bit default; 64 bits whatever the prefixes say. */
  readonly d64: boolean;
  readonly f64: boolean;
}

/** The rows behind one opcode byte: one for all, or by ModR/M byte. */
export interface Entry {
  readonly modrm: boolean;
  readonly forms: readonly (Form | undefined)[];
}

/** Prefixes that choose a row, as indices. `REX_B`: opcode 90 with REX.B, which is XCHG and not NOP. */
export const PREFIX_CLASSES = ['NP', '66', 'F3', 'F2', 'REX.B'] as const;
export const REX_B_CLASS = 4;

/** Code size 16, 32, 64 in protected and long mode, then 16, 32 in real-address and virtual-8086 mode. */
export const MODE_CLASSES = 5;
const LONG_CLASS = 2;

const fromModrm = (spec: OperandSpec): boolean =>
  spec.source === SOURCE.REG || spec.source === SOURCE.RM || spec.source === SOURCE.RM_REGISTER;

export function makeForm(row: Row): Form {
  const specs = row.operands.map(operandSpec);
  const { match, options } = row;
  const relative = specs.some((spec) => spec.source === SOURCE.RELATIVE_BYTE || spec.source === SOURCE.RELATIVE_Z);
  let mod = match.mod;
  for (const spec of specs) if (spec.mod === 'm' || spec.mod === 'r') mod = spec.mod;
  return {
    row,
    specs: specs.filter((spec) => spec.source !== SOURCE.NONE),
    modrm: match.reg !== undefined || match.modrm !== undefined || match.mod !== 'any' || specs.some(fromModrm),
    modIgnored: specs.some((spec) => spec.mod === 'ignored'),
    mod,
    vvvv: specs.some((spec) => spec.source === SOURCE.VVVV),
    d64: options.d64 === true || options.f64 === true,
    f64: options.f64 === true || (relative && options.d64 === true),
  };
}

/** True when a ModR/M byte can belong to the row. */
export const accepts = ({ row, mod }: Form, modrm: number): boolean =>
  (row.match.modrm === undefined || row.match.modrm === modrm) &&
  (row.match.reg === undefined || row.match.reg === ((modrm >> 3) & 7)) &&
  (mod === 'any' || (mod === 'r') === modrm >= 0xc0);

/** The more an opcode column says, the sooner its row is taken. */
export function rank({ row: { match } }: Form): number {
  return (match.prefix === 'any' ? 0 : 4) + (match.modrm === undefined ? 0 : 2) + (match.plusRegister ? 0 : 1);
}

const key = (map: number, byte: number): number => map * 256 + byte;

/** Every feature that rows ask for. */
export function featuresOf(rows: readonly Row[]): Set<string> {
  return new Set(
    rows.flatMap(({ options: { feature } }) => (feature === undefined ? [] : [canonicalFeature(feature)])),
  );
}

/** Opcode maps of one set of rows and CPUID features, filled as opcodes are met. */
export class OpcodeTables {
  readonly #buckets: (Form[] | undefined)[] = [];
  readonly #entries: (Entry | undefined)[];

  constructor(rows: readonly Row[], features: ReadonlySet<string>) {
    for (const row of rows) {
      const { feature } = row.options;
      if (feature !== undefined && !features.has(canonicalFeature(feature))) continue;
      const form = makeForm(row);
      for (let i = 0; i < (row.match.plusRegister ? 8 : 1); i++) {
        (this.#buckets[key(MAPS.indexOf(row.match.map), row.match.byte + i)] ??= []).push(form);
      }
    }
    this.#entries = new Array(MODE_CLASSES * PREFIX_CLASSES.length * MAPS.length * 256).fill(undefined);
  }

  entry(modeClass: number, map: number, prefix: number, byte: number): Entry {
    const at = ((modeClass * PREFIX_CLASSES.length + prefix) * MAPS.length + map) * 256 + byte;
    return (this.#entries[at] ??= this.#make(modeClass, map, prefix, byte));
  }

  /** Rows that an encoding could mean, best first. */
  candidates(modeClass: number, map: number, prefix: number, byte: number): Form[] {
    const allowed = (this.#buckets[key(map, byte)] ?? []).filter(({ row: { match, options } }) => {
      if (options.only64 === true && modeClass !== LONG_CLASS) return false;
      if (options.no64 === true && modeClass === LONG_CLASS) return false;
      if (options.protectedOnly === true && modeClass > LONG_CLASS) return false;
      if (prefix === REX_B_CLASS) return match.plusRegister;
      return match.prefix === 'any' || match.prefix === PREFIX_CLASSES[prefix];
    });
    return allowed.sort((a, b) => rank(b) - rank(a));
  }

  #make(modeClass: number, map: number, prefix: number, byte: number): Entry {
    const forms = this.candidates(modeClass, map, prefix, byte);
    if (!forms.some((form) => form.modrm)) return { modrm: false, forms: [forms[0]] };
    return {
      modrm: true,
      forms: Array.from({ length: 256 }, (_, modrm) => forms.find((form) => accepts(form, modrm))),
    };
  }
}

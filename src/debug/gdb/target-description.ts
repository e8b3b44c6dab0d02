import type { GdbRegister } from './registers.ts';

const FLAG_BITS: readonly [name: string, bit: number][] = [
  ['CF', 0],
  ['', 1],
  ['PF', 2],
  ['AF', 4],
  ['ZF', 6],
  ['SF', 7],
  ['TF', 8],
  ['IF', 9],
  ['DF', 10],
  ['OF', 11],
  ['NT', 14],
  ['RF', 16],
  ['VM', 17],
  ['AC', 18],
  ['VIF', 19],
  ['VIP', 20],
  ['ID', 21],
];
const MXCSR_BITS: readonly [name: string, bit: number][] = [
  ['IE', 0],
  ['DE', 1],
  ['ZE', 2],
  ['OE', 3],
  ['UE', 4],
  ['PE', 5],
  ['DAZ', 6],
  ['IM', 7],
  ['DM', 8],
  ['ZM', 9],
  ['OM', 10],
  ['UM', 11],
  ['PM', 12],
  ['FZ', 15],
];

const flags = (id: string, bits: readonly [string, number][]): string =>
  `<flags id="${id}" size="4">${bits.map(([name, bit]) => `<field name="${name}" start="${bit}" end="${bit}"/>`).join('')}</flags>`;

const VECTORS: readonly [id: string, type: string, count: number][] = [
  ['v4f', 'ieee_single', 4],
  ['v2d', 'ieee_double', 2],
  ['v16i8', 'int8', 16],
  ['v8i16', 'int16', 8],
  ['v4i32', 'int32', 4],
  ['v2i64', 'int64', 2],
];
const VEC128 = [
  ...VECTORS.map(([id, type, count]) => `<vector id="${id}" type="${type}" count="${count}"/>`),
  '<union id="vec128">',
  ...['v4_float:v4f', 'v2_double:v2d', 'v16_int8:v16i8', 'v8_int16:v8i16', 'v4_int32:v4i32', 'v2_int64:v2i64'].map(
    (pair) => `<field name="${pair.split(':')[0]}" type="${pair.split(':')[1]}"/>`,
  ),
  '<field name="uint128" type="uint128"/></union>',
].join('');

/** Types that a feature defines for itself. */
const TYPES: Readonly<Record<string, string>> = {
  'org.gnu.gdb.i386.core': flags('i386_eflags', FLAG_BITS),
  'org.gnu.gdb.i386.sse': VEC128 + flags('i386_mxcsr', MXCSR_BITS),
};

/** The target description (gdb manual, appendix G) of a list of registers. */
export function targetDescription(registers: readonly GdbRegister[], long: boolean): string {
  const features = [...new Set(registers.map(({ feature }) => feature))].map((feature) => {
    const own = registers
      .filter((register) => register.feature === feature)
      .map(({ name, bytes, type, group }) => {
        const where = group === undefined ? '' : ` group="${group}"`;
        return `<reg name="${name}" bitsize="${8 * bytes}" type="${type}"${where} regnum="${registers.findIndex((r) => r.name === name)}"/>`;
      });
    return `<feature name="${feature}">${TYPES[feature] ?? ''}${own.join('')}</feature>`;
  });
  const architecture = long ? 'i386:x86-64' : 'i386';
  return `<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0"><architecture>${architecture}</architecture>${features.join('')}</target>`;
}

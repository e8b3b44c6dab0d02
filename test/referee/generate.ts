import { encode } from '../../src/cpu/assemble.ts';
import { createDecoder } from '../../src/cpu/decode.ts';
import type { MemoryOperand, Operand } from '../../src/cpu/insn.ts';
import { OPCODE_ROWS, UD_ROW } from '../../src/cpu/isa/index.ts';
import { featuresOf } from '../../src/cpu/isa/lookup.ts';
import type { Row } from '../../src/cpu/isa/row.ts';
import { MODE } from '../../src/cpu/mode.ts';
import { existsIn, type RandomInstruction, randomInstruction } from '../../src/cpu/random-instruction.ts';
import { CS, DS, ES, FS, GS } from '../../src/cpu/state.ts';
import { Random } from '../support/random.ts';
import { aim, Places } from './aim.ts';
import { arrange, arrangeMemory, landing } from './arrange.ts';
import { Image } from './image.ts';
import { BASE, codeAt, SLOTS, WORLDS, type World } from './layout.ts';
import { excluded } from './rows.ts';
import type { SlotCase } from './silicon.ts';
import { fillImage } from './values.ts';

/** A random instruction with the state that it begins in. */
export interface RefereeCase extends SlotCase {
  readonly world: World;
  readonly row: Row;
  readonly number: number;
  /** Linear address of its memory operand; undefined without one. */
  readonly address: bigint | undefined;
  readonly operandSize: 2 | 4 | 8;
}

/** Instructions whose result is seen at the HLT that they lead to, and no program could go on behind. */
const HALTS = /^(J|CALL|RET|LOOP|IRET|POPF|INT|SYS|BOUND)|^(MOV|POP|L[DEFGS]S) ([DEFGS]S|CS|Sw|Gv,Mp)/;
const TRIES = 100;
const decodeAll = createDecoder({ features: featuresOf(OPCODE_ROWS) });

export const nameOf = ({ opcode, mnemonic, operands }: Row): string => `${opcode} ${mnemonic} ${operands}`.trim();

/** Rows that are compared in a world, in the order of the opcode maps. */
export const rowsOf = (world: World): Row[] =>
  OPCODE_ROWS.filter((row) => existsIn(row, world.mode) && excluded(row, world) === undefined);

/** Case `number` of a seed: the same each time. Its row goes round the rows. */
export function makeCase(
  seed: number,
  number: number,
  world: World,
  rows: readonly Row[],
  slot = number % SLOTS,
): RefereeCase {
  const random = new Random(Math.imul(seed ^ Math.imul(number + 1, 0x9e3779b1), 0x85ebca6b) ^ WORLDS.indexOf(world));
  for (let n = 0; n < 4; n++) random.word();
  const row = rows[number % rows.length]!;
  for (let tries = 0; tries < TRIES; tries++) {
    const made = propose(row, random, world, slot);
    if (made !== undefined) return { ...made, world, row, number, slot };
  }
  throw new Error(`no case for ${nameOf(row)} in ${TRIES} tries (seed ${seed}, case ${number})`);
}

type Proposal = Omit<RefereeCase, 'world' | 'row' | 'number' | 'slot'>;

function propose(row: Row, random: Random, world: World, slot: number): Proposal | undefined {
  const long = world.code === 64;
  const below = (n: number): number => random.below(n);
  const made = randomInstruction(row, below, world.mode);
  const before = new Image();
  fillImage(before, row, random, long);
  const places = new Places(world, before, random);
  arrange(row, made, places, slot);
  const operands: Operand[] = [];
  let place: MemoryOperand | undefined;
  let address: bigint | undefined;
  for (const operand of made.operands) {
    if (operand.kind !== 'mem' || isString(row)) {
      operands.push(operand);
      continue;
    }
    const aimed = aim(row, operand, made, places);
    if (aimed === undefined) return undefined;
    address = places.linear(aimed, made.prefixes.addressSize);
    arrangeMemory(row, made, places, address, slot);
    operands.push(aimed);
    place = aimed;
  }
  if (!places.isSafe(row, made, place)) return undefined;
  const ip = BASE + codeAt(slot) - Number(world.segments[CS]!.base);
  const code = assemble(row, made, operands, ip, landing(row, slot, places), places);
  if (code === undefined) return undefined;
  before.rip = BigInt(ip);
  for (const seg of [ES, DS, FS, GS]) {
    before.setSelector(seg, long && seg >= FS ? 0 : world.segments[seg]!.selector);
  }
  before.setBases(world.fsBase, world.gsBase);
  return {
    code,
    before,
    halts: HALTS.test(`${row.mnemonic} ${row.operands}`),
    address,
    operandSize: made.prefixes.operandSize,
  };
}

const isString = (row: Row): boolean => row.operands.some((code) => /^[XY]/.test(code));

function assemble(
  row: Row,
  made: RandomInstruction,
  operands: readonly (Operand | MemoryOperand)[],
  ip: number,
  target: number,
  { random, world }: Places,
): Uint8Array | undefined {
  let bytes: Uint8Array;
  try {
    bytes = encode(row, operands, world.mode, {
      ...made.prefixes,
      ip: [ip, 0],
      target: [target, 0],
    });
  } catch {
    return undefined;
  }
  // A repeat prefix would make much of a string instruction.
  if (!isString(row) && random.below(12) === 0) bytes = withPrefix(row, bytes, random, world);
  return bytes;
}

/** A prefix that says nothing, or LOCK where it is not allowed. */
function withPrefix(row: Row, bytes: Uint8Array, random: Random, world: World): Uint8Array {
  const long = (world.mode & MODE.CODE) === MODE.CODE_64;
  const prefix = random.pick([0x26, 0x2e, 0x36, 0x3e, 0x66, 0xf2, 0xf3, 0xf0]);
  if (prefix === 0xf0 && (row.options.cpl0 === true || row.options.lock === true)) return bytes;
  if (!long && prefix <= 0x3e && row.operands.some((code) => /^[EMOXYW]/.test(code))) return bytes;
  const longer = Uint8Array.of(prefix, ...bytes);
  const padded = new Uint8Array(32);
  padded.set(longer);
  const insn = decodeAll(padded, 0, 32, world.mode, 0, 0);
  const plain = decodeAll(Buffer.concat([bytes, Buffer.alloc(15)]), 0, 15, world.mode, 0, 0);
  if (insn === 'truncated' || plain === 'truncated') return bytes;
  if (prefix === 0xf0) return insn.row === UD_ROW ? longer : bytes;
  const same = insn.row === plain.row && insn.operandSize === plain.operandSize && insn.length === longer.length;
  return same ? longer : bytes;
}

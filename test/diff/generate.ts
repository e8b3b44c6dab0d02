import { encode } from '../../src/cpu/assemble.ts';
import type { Operand } from '../../src/cpu/insn.ts';
import { OPCODE_ROWS } from '../../src/cpu/isa/index.ts';
import type { Row } from '../../src/cpu/isa/row.ts';
import { existsIn, type Random, randomInstruction } from '../../src/cpu/random-instruction.ts';
import { DS, ES, FS, GS, SS } from '../../src/cpu/state.ts';
import { INT_END, INT_RELOAD_CR3, INT_SWAP } from './handlers.ts';
import * as at from './layout.ts';
import type { Item, Program, Section } from './program.ts';
import * as item from './program.ts';
import { seeded } from './random.ts';

/** Transfers, system instructions and what would end a program early; items of their own make the transfers. */
const LEFT_OUT =
  /^(J|CALL|RET|LOOP|INT|IRET|BOUND|HLT|INS$|OUTS|IN$|OUT$|SYS|CLI|STI|LES|LDS|LSS|LFS|LGS|UD|ENTER|LEAVE|WRFS|WRGS|RDTSC|RDPMC|XSAVE|XRSTOR|XGETBV|S?LDT|STR|VER|LAR|LSL|ARPL|POPF|FLDENV|FRSTOR|FXRSTOR|LDMXCSR|FLDCW)/;
const STRING = /^(MOVS|CMPS|STOS|LODS|SCAS)$/;

const usable = OPCODE_ROWS.filter(
  ({ mnemonic, operands, options }) =>
    !LEFT_OUT.test(mnemonic) &&
    options.cpl0 === undefined &&
    !operands.some((code) => /^(S[wW]|ES|CS|SS|DS|FS|GS)$/.test(code)),
);
const isString = ({ mnemonic, match }: Row): boolean => STRING.test(mnemonic) && match.map === '1';
const POOLS = {
  integer: usable.filter((row) => row.options.unit === undefined && !isString(row)),
  string: usable.filter(isString),
  vector: usable.filter((row) => row.options.unit === 'sse'),
  x87: usable.filter((row) => row.options.unit === 'x87' || row.options.unit === 'mmx'),
  rare: OPCODE_ROWS.filter(({ mnemonic }) =>
    /^(POPF|ENTER|LEAVE|LDMXCSR|FLDCW|UD2|LAR|VERR|HLT|LES|BOUND)$/.test(mnemonic),
  ),
};
const RSP = 4;
const POINTERS = { 64: [3, 5, 6, 7, 12, 13], 32: [3, 5, 6, 7], 16: [3, 5, 6, 7] } as const;
const LARGEST = 1200;

/** The random program of a seed. */
export const generate = (seed: number): Program => new Generator(seed).program();

class Generator {
  readonly #seed: number;
  readonly #random: Random;
  readonly #world: at.World;
  readonly #mode: number;
  readonly #pools: Record<keyof typeof POOLS, Row[]>;
  readonly #tables: number[][] = [];
  /** Items whose bytes may be overwritten: label, and where in the instruction. */
  readonly #targets: { label: number; delta: number; size: 1 | 4 }[] = [];
  readonly #interrupts: boolean;
  #labels = 0;
  #cells = 0;
  #subroutines: number[] = [];
  readonly #overlayEntries: number[] = [];

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seeded(seed);
    this.#world = at.WORLDS[seed % at.WORLDS.length]!;
    this.#mode = at.modeOf(this.#world);
    const here = ([name, rows]: [string, Row[]]): [string, Row[]] => [
      name,
      rows.filter((row) => existsIn(row, this.#mode)),
    ];
    this.#pools = Object.fromEntries(Object.entries(POOLS).map(here)) as Record<keyof typeof POOLS, Row[]>;
    // In real-address mode they would leave their frames on the program's stack.
    this.#interrupts = this.#chance(4) && !this.#world.real;
  }

  program(): Program {
    const length = 10 + this.#random(this.#pick([40, 150, 400, 400, LARGEST]));
    this.#subroutines = Array.from({ length: 3 }, () => this.#label());
    const subroutines = this.#subroutines.flatMap((label) => this.#subroutine(label));
    const [overlays, bridge] = this.#overlays();
    const main = [...this.#pointers(6), ...this.#body(length), item.raw([0xcd, INT_END], 'end')];
    const start = at.CODE + at.PAGE - this.#random(120);
    return {
      seed: this.#seed,
      world: this.#world,
      sections: [{ at: start, items: [...main, ...subroutines] }, bridge, ...overlays],
      tables: this.#tables,
      hot: this.#pick([1, 2, 3, 10]),
      slices: this.#slices(),
      interrupts: this.#interrupts,
    };
  }

  #slices(): number[] {
    const most = this.#pick([40, 300, 100_000]);
    return Array.from({ length: 5 }, () => 1 + this.#random(most));
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random(from.length)]!;
  }
  #chance(oneIn: number): boolean {
    return this.#random(oneIn) === 0;
  }
  #label(): number {
    return this.#labels++;
  }

  // ---- the shape of a program ----

  /** Chunks, each with a place to go on after a fault. */
  #body(length: number): Item[] {
    const items: Item[] = [];
    while (length > 0) {
      const next = this.#label();
      const size = Math.min(length, 3 + this.#random(14));
      items.push(item.recoverAt(at.RECOVERY, next));
      if (this.#chance(2)) items.push(...this.#pointers(1 + this.#random(3)));
      if (this.#chance(5)) items.push(...this.#stackPointer());
      items.push(...this.#chunk(size, 0), item.mark(next));
      length -= size;
    }
    return items;
  }

  #chunk(length: number, depth: number): Item[] {
    const items: Item[] = [];
    for (let n = 0; n < length; n++) {
      const kind = this.#random(40);
      if (kind < 4) items.push(...this.#skip(1 + this.#random(4), depth));
      else if (kind < 6 && depth < 2) items.push(...this.#loop(1 + this.#random(8), depth));
      else if (kind < 9 && depth === 0) items.push(...this.#hotLoop());
      else if (kind < 10) items.push(...this.#tightLoop());
      else if (kind < 12 && depth < 2 && this.#subroutines.length > 0) items.push(this.#call());
      else if (kind < 13 && depth < 2) items.push(...this.#switch());
      else if (kind < 14) items.push(...this.#string());
      else if (kind < 17) items.push(...this.#selfModifying());
      else if (kind < 18 && this.#chance(2)) items.push(...this.#system());
      else items.push(...this.#instruction());
    }
    return items;
  }

  /** A forward jump over some items. */
  #skip(length: number, depth: number): Item[] {
    const past = this.#label();
    const jump = this.#chance(8) ? item.short(0xe3, past) : item.jcc(this.#random(16), past);
    const body = this.#chunk(length, depth + 2);
    if (this.#chance(3)) {
      const end = this.#label();
      return [
        jump,
        ...body,
        item.jmp(end),
        item.mark(past),
        ...this.#chunk(1 + this.#random(2), depth + 2),
        item.mark(end),
      ];
    }
    return [jump, ...body, item.mark(past)];
  }

  /** A loop that counts in memory; sometimes with a second way in or out. */
  #loop(length: number, depth: number): Item[] {
    const head = this.#label();
    const out = this.#label();
    const cell = at.COUNTERS + 4 * (this.#cells++ % 256);
    const setFlags = this.#instruction();
    const inside = this.#chunk(length, depth + 1);
    const early = this.#chance(3) ? [item.jcc(this.#random(16), out)] : [];
    const middle = this.#label();
    const enter = this.#chance(5) ? [item.jcc(this.#random(16), middle)] : [];
    return [
      item.setCell(cell, 1 + this.#random(depth === 0 ? this.#pick([4, 14, 60]) : 5)),
      ...setFlags,
      ...enter,
      item.mark(head),
      ...(this.#chance(2) ? this.#pointers(1) : []),
      ...inside,
      ...early,
      item.mark(middle),
      item.countDown(cell, this.#random(3) as 0 | 1 | 2),
      ...(this.#chance(3) ? this.#instruction((row) => keepsZero(row)) : []),
      item.jcc(this.#pick([5, 5, 15, 9]), head),
      item.mark(out),
    ];
  }

  /** A loop that runs long enough to be promoted, and now and then does what drops its code. */
  #hotLoop(): Item[] {
    const head = this.#label();
    const past = this.#label();
    const cell = at.COUNTERS + 4 * (this.#cells++ % 256);
    // What regions can hold whole, or anything.
    const plain = this.#chance(2);
    const body = (): Item[] =>
      Array.from({ length: 1 + this.#random(5) }, () => {
        const kind = this.#random(12);
        if (kind === 0) return this.#skip(2, 2);
        if (kind === 1 && this.#subroutines.length > 0) return [this.#call()];
        if (kind === 2) return this.#selfModifying(true);
        if (kind === 3) return this.#switch();
        return plain ? this.#instruction(isPlain, [0, 2]) : this.#instruction();
      }).flat();
    const [needs, event] = this.#event();
    return [
      item.setCell(cell, 10 + this.#random(60)),
      ...this.#pointers(3),
      item.mark(head),
      ...(this.#chance(2) ? this.#pointers(2) : []),
      ...body(),
      ...needs,
      item.testCell(cell, this.#pick([3, 7, 15])),
      item.jcc(5, past),
      ...event(),
      item.mark(past),
      ...body(),
      item.countDown(cell, this.#random(3) as 0 | 1 | 2),
      item.jcc(5, head),
    ];
  }

  /** What a hot loop does now and then, and what it does each time so that this matters. */
  #event(): [Item[], () => Item[]] {
    const kind = this.#random(6);
    if (kind < 2) return [this.#selfModifying(true), () => this.#selfModifying()];
    if (kind === 2 && this.#subroutines.length > 0) {
      return [[item.call(this.#pick(this.#overlayEntries))], () => [item.raw([0xcd, INT_SWAP], 'swap overlays')]];
    }
    if (kind === 3) return [[], () => [item.raw([0xcd, INT_RELOAD_CR3], 'reload cr3')]];
    return [[], () => (kind === 4 ? this.#string() : this.#stackPointer())];
  }

  /** LOOP with a body that leaves the counter alone. */
  #tightLoop(): Item[] {
    const head = this.#label();
    const body = Array.from({ length: 1 + this.#random(4) }, () => this.#instruction(isPlain, [0, 2])).flat();
    return [
      item.raw(this.#moveImmediate(1, 1 + this.#random(30)), 'mov cx'),
      item.mark(head),
      ...body,
      item.short(0xe0 + this.#random(3), head),
    ];
  }

  #call(): Item {
    if (!this.#chance(3)) return item.call(this.#pick(this.#subroutines));
    const table = this.#table(Array.from({ length: 4 }, () => this.#pick(this.#subroutines)));
    return table === undefined ? item.call(this.#subroutines[0]!) : item.through(table, this.#pick([0, 1, 2]), true);
  }

  #table(labels: number[]): number | undefined {
    if (this.#tables.length >= 24) return undefined;
    return this.#tables.push(labels) - 1;
  }

  /** Four short arms behind an indirect jump. */
  #switch(): Item[] {
    const arms = Array.from({ length: 4 }, () => this.#label());
    const end = this.#label();
    const table = this.#table(arms);
    if (table === undefined) return [];
    const items = [item.through(table, this.#pick([0, 1, 2]), false)];
    for (const arm of arms) items.push(item.mark(arm), ...this.#instruction(), item.jmp(end));
    return [...items, item.mark(end)];
  }

  #subroutine(label: number): Item[] {
    const body = this.#chunk(2 + this.#random(8), 2);
    return [item.mark(label), ...body, item.raw([0xc3], 'ret')];
  }

  #plainSubroutine(label: number): Item[] {
    const body = Array.from({ length: 3 + this.#random(4) }, () => this.#instruction(isPlain, [0, 1, 2])).flat();
    return [item.mark(label), ...body, item.raw([0xc3], 'ret')];
  }

  /** Two versions of a page, and an instruction that begins on the page in front of them. */
  #overlays(): [Section[], Section] {
    const width = this.#world.code === 16 ? [0x66] : [];
    const head = [...width, 0xb8, this.#random(256)];
    const bridge = this.#label();
    const section = { at: at.OVERLAY[0] - head.length, items: [item.mark(bridge), item.raw(head, 'mov eax, ...')] };
    const overlays = at.OVERLAY.map((place) => {
      const entry = this.#label();
      this.#subroutines.push(entry, bridge);
      this.#overlayEntries.push(entry, bridge);
      this.#targets.push({ label: entry, delta: -3 + this.#random(3), size: 1 });
      const rest = [this.#random(256), this.#random(256), this.#random(256)];
      return { at: place, items: [item.raw(rest, '...'), ...this.#plainSubroutine(entry)] };
    });
    this.#targets.push({ label: bridge, delta: head.length - 1, size: 1 });
    return [overlays, section];
  }

  // ---- kinds of items ----

  /** An instruction with an immediate that other instructions overwrite, or such a store. */
  #selfModifying(target = false): Item[] {
    const { code } = this.#world;
    if (!target && this.#targets.length > 0 && !this.#chance(3)) {
      const last = this.#targets.length - 1;
      const { label, delta, size } = this.#targets[this.#chance(2) ? last : this.#random(last + 1)]!;
      return [item.patch(label, delta, this.#random(0x10000) * 0x8001, size, this.#pick(['code', 'alias']))];
    }
    const label = this.#label();
    const prefix = code === 16 ? [0x66] : [];
    const reg = this.#pick([0, 1, 2]);
    if (this.#chance(2)) {
      this.#targets.push({ label, delta: prefix.length + 1, size: 4 });
      return [item.mark(label), item.raw([...prefix, 0xb8 | reg, 1, 2, 3, 4], 'mov r, imm32 (patched)')];
    }
    this.#targets.push({ label, delta: prefix.length + 2, size: 1 });
    return [
      item.mark(label),
      item.raw([...prefix, 0x83, 0xc0 | (this.#random(8) << 3) | reg, 5], 'alu r, imm8 (patched)'),
    ];
  }

  #system(): Item[] {
    const kind = this.#random(6);
    if (kind === 0) return [item.raw([0xcd, INT_RELOAD_CR3], 'reload cr3')];
    if (kind < 3) return [item.raw([0xcd, INT_SWAP], 'swap overlays')];
    if (kind === 3 && !this.#interrupts) return this.#singleStep();
    if (kind === 4) return this.#segmentLoad();
    return this.#instruction(undefined, undefined, this.#pools.rare);
  }

  /** PUSHF; OR [SP], 100h; POPF: traps until the handler takes TF away. */
  #singleStep(): Item[] {
    const { code } = this.#world;
    const or = code === 16 ? [0x67, 0x81, 0x0c, 0x24, 0, 1] : [0x81, 0x0c, 0x24, 0, 1, 0, 0];
    return [item.raw([0x9c, ...or, 0x9d], 'set tf')];
  }

  #segmentLoad(): Item[] {
    const seg = this.#pick([ES, FS, GS]);
    if (this.#world.code === 64 && seg !== FS) return [];
    const selector = this.#chance(6) ? 0 : at.selectorOf(this.#world, this.#pick([ES, SS, DS, seg, seg]));
    const width = this.#world.code === 16 ? [] : [0x66];
    return [item.raw([...width, 0xb8, selector & 255, selector >> 8, 0x8e, 0xc0 | (seg << 3)], `mov sreg${seg}`)];
  }

  #string(): Item[] {
    const row = this.#pick(this.#pools.string);
    const count = this.#chance(12) ? this.#random(3000) : this.#random(40);
    return [
      item.raw(this.#moveImmediate(1, count), 'mov cx'),
      ...(this.#chance(2) ? [this.#pointer(6), this.#pointer(7)] : []),
      item.raw([this.#chance(4) ? 0xfd : 0xfc], 'cld/std'),
      item.raw(randomInstruction(row, this.#random, this.#mode).bytes, row.mnemonic),
      ...(this.#chance(2) ? [item.raw([0xfc], 'cld')] : []),
    ];
  }

  /** Random instruction of the pools, bent so that it mostly leaves pointers alone and mostly hits memory. */
  #instruction(only?: (row: Row) => boolean, registers?: readonly number[], pool?: readonly Row[]): Item[] {
    const rows = pool ?? this.#pools[this.#pick(KINDS)];
    for (let tries = 0; tries < 50; tries++) {
      const row = only === undefined ? this.#pick(rows) : this.#pick(this.#pools.integer);
      if (only !== undefined && !only(row)) continue;
      if (/^I?DIV$|^AAM$/.test(row.mnemonic) && !this.#chance(4)) continue;
      const { operands, prefixes } = randomInstruction(row, this.#random, this.#mode);
      const addressSize = this.#chance(10) ? prefixes.addressSize : ((this.#world.code / 8) as 2 | 4 | 8);
      const bent = operands.map((operand, n) => this.#bend(operand, row, n, addressSize, registers));
      if (registers !== undefined && bent.some(({ kind }) => kind === 'mem')) continue;
      const segOverride = bent.some(({ kind }) => kind === 'mem') || this.#chance(8) ? -1 : prefixes.segOverride;
      const lock = prefixes.lock === true && bent[0]?.kind === 'mem';
      try {
        const bytes = encode(row, bent, this.#mode, { ...prefixes, addressSize, segOverride, lock });
        return [item.raw(bytes, row.mnemonic)];
      } catch {
        // A register that cannot stand beside a REX prefix.
      }
    }
    return [item.raw([0x90], 'nop')];
  }

  #bend(operand: Operand, row: Row, n: number, addressSize: 2 | 4 | 8, registers?: readonly number[]): Operand {
    if (operand.kind === 'gpr') {
      const fixed = /^(AL|AX|CL|CX|DX|[re]A?[XD]?X?|eAX|rAX|DX)$/.test(row.operands[n]!);
      if (fixed) return operand;
      const reg = operand.reg as number;
      if (registers !== undefined) return { ...operand, reg: this.#pick(registers) };
      const pointer = reg === RSP || (POINTERS[this.#world.code] as readonly number[]).includes(reg);
      if (!pointer || (reg !== RSP && this.#chance(8))) return operand;
      return { ...operand, reg: this.#pick([0, 1, 2, 0, 1, 2]) };
    }
    if (
      operand.kind !== 'mem' ||
      row.operands[n]!.startsWith('O') ||
      /^[XY]/.test(row.operands[n]!) ||
      this.#chance(25)
    )
      return operand;
    return this.#memoryOperand(operand, addressSize);
  }

  #memoryOperand(operand: Operand & { kind: 'mem' }, addressSize: number): Operand {
    const { code } = this.#world;
    const disp = this.#pick([0, this.#random(64), this.#random(256) - 128]);
    const base = addressSize === 2 ? this.#pick([3, 5, 6, 7]) : this.#pick(POINTERS[code]);
    let index: number | undefined;
    if (addressSize !== 2 && code === 64 && this.#chance(6)) index = 14;
    if (addressSize === 2 && base <= 5 && this.#chance(8)) index = this.#pick([6, 7]);
    const stack = base === RSP || base === 5;
    const natural = stack ? SS : DS;
    const seg = operand.seg >= FS && !this.#chance(4) ? natural : operand.seg < FS ? natural : operand.seg;
    const scale = index === undefined || addressSize === 2 ? 0 : this.#random(4);
    return { ...operand, base, index, scale, disp, dispHigh: disp >> 31, seg };
  }

  // ---- registers ----

  #pointers(count: number): Item[] {
    const items = Array.from({ length: count }, () => this.#pointer(this.#pick(POINTERS[this.#world.code])));
    if (this.#world.code === 64) items.push(item.raw([0x41, 0xbe, this.#random(64), 0, 0, 0], 'mov r14d'));
    return items;
  }

  #pointer(reg: number): Item {
    const linear = this.#place();
    // BP addresses the stack segment.
    const seg = reg === 5 ? SS : reg === 7 && this.#chance(3) ? ES : DS;
    return item.raw(this.#moveImmediate(reg, at.offsetIn(this.#world, seg, linear)), `pointer r${reg}`);
  }

  #place(): number {
    const kind = this.#random(100);
    if (kind < 60) return at.DATA + this.#random(9 * at.PAGE);
    if (kind < 80) return at.DATA + at.PAGE * (1 + this.#random(8)) - this.#random(18);
    if (kind < 85) return at.READ_ONLY + this.#random(at.PAGE);
    if (kind < 88) return at.READ_ONLY - this.#random(16);
    if (kind < 91) return at.UNMAPPED - this.#random(16);
    if (kind < 93) return at.UNMAPPED + this.#random(2 * at.PAGE);
    if (kind < 99) return at.STACK + this.#random(at.STACK_END - at.STACK - 64);
    return at.CODE + at.PAGE + this.#random(2 * at.PAGE);
  }

  #stackPointer(): Item[] {
    const place = at.STACK + at.PAGE * (1 + this.#random(3)) + this.#random(24) - 12;
    return [item.raw(this.#moveImmediate(RSP, at.offsetIn(this.#world, SS, place)), 'stack pointer')];
  }

  #moveImmediate(reg: number, value: number): number[] {
    const { code } = this.#world;
    if (code === 16 && !this.#chance(4)) return [0xb8 | reg, ...item.le(value, 2)];
    if (code === 16) return [0x66, 0xb8 | reg, ...item.le(value, 4)];
    if (code === 32) return [0xb8 | reg, ...item.le(value, 4)];
    if (value >= 0 && reg < 8 && this.#chance(2)) return [0xb8 | reg, ...item.le(value, 4)];
    return [reg >= 8 ? 0x49 : 0x48, 0xc7, 0xc0 | (reg & 7), ...item.le(value, 4)];
  }
}

const KINDS: readonly ('integer' | 'vector' | 'x87')[] = [...Array(14).fill('integer'), 'vector', 'vector', 'x87'];

/** Register arithmetic that touches neither rCX nor memory by itself. */
const isPlain = ({ mnemonic, operands }: Row): boolean =>
  /^(ADD|SUB|ADC|SBB|AND|OR|XOR|CMP|TEST|INC|DEC|NOT|NEG|SHL|SHR|SAR|ROL|RCR|MOVZX|MOVSX|SETB|SETZ|SETL|CMOVB|CMOVLE|BT|LAHF|STC|CMC|IMUL|SHLD)$/.test(
    mnemonic,
  ) &&
  operands.length > (/LAHF|STC|CMC/.test(mnemonic) ? -1 : 0) &&
  (mnemonic !== 'IMUL' || operands.length > 1);

/** Leaves ZF and SF alone. */
const keepsZero = ({ mnemonic }: Row): boolean =>
  /^(MOV|MOVZX|MOVSX|NOT|CMC|STC|CLC|LEA|BSWAP|SETB|SETO|CMOVL)$/.test(mnemonic);

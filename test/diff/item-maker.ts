import { randomInstruction } from '../../src/cpu/random-instruction.ts';
import { DS, ES, FS, GS, SS } from '../../src/cpu/state.ts';
import { INT_RELOAD_CR3, INT_SWAP } from './handlers.ts';
import { InstructionMaker } from './instruction-maker.ts';
import * as at from './layout.ts';
import type { Item } from './program.ts';
import * as item from './program.ts';

/** Makes items that are more than an instruction: what changes code, mappings and segments, and string instructions. */
export class ItemMaker extends InstructionMaker {
  /** Items whose bytes may be overwritten: label, and where in the instruction. */
  protected readonly targets: { label: number; delta: number; size: 1 | 4 }[] = [];
  protected readonly interrupts: boolean;
  #labels = 0;

  constructor(seed: number) {
    super(seed);
    // In real-address mode they would leave their frames on the program's stack.
    this.interrupts = this.chance(4) && !this.world.real;
  }

  protected label(): number {
    return this.#labels++;
  }

  /** An instruction with an immediate that other instructions overwrite, or such a store. */
  protected selfModifying(target = false): Item[] {
    const { code } = this.world;
    if (!target && this.targets.length > 0 && !this.chance(3)) {
      const last = this.targets.length - 1;
      const { label, delta, size } = this.targets[this.chance(2) ? last : this.random(last + 1)]!;
      return [item.patch(label, delta, this.random(0x10000) * 0x8001, size, this.pick(['code', 'alias']))];
    }
    const label = this.label();
    const prefix = code === 16 ? [0x66] : [];
    const reg = this.pick([0, 1, 2]);
    if (this.chance(2)) {
      this.targets.push({ label, delta: prefix.length + 1, size: 4 });
      return [item.mark(label), item.raw([...prefix, 0xb8 | reg, 1, 2, 3, 4], 'mov r, imm32 (patched)')];
    }
    this.targets.push({ label, delta: prefix.length + 2, size: 1 });
    return [
      item.mark(label),
      item.raw([...prefix, 0x83, 0xc0 | (this.random(8) << 3) | reg, 5], 'alu r, imm8 (patched)'),
    ];
  }

  protected system(): Item[] {
    const kind = this.random(6);
    if (kind === 0) return [item.raw([0xcd, INT_RELOAD_CR3], 'reload cr3')];
    if (kind < 3) return [item.raw([0xcd, INT_SWAP], 'swap overlays')];
    if (kind === 3 && !this.interrupts) return this.#singleStep();
    if (kind === 4) return this.#segmentLoad();
    return this.instruction(undefined, undefined, this.pools.rare);
  }

  /** PUSHF; OR [SP], 100h; POPF: traps until the handler takes TF away. */
  #singleStep(): Item[] {
    const { code } = this.world;
    const or = code === 16 ? [0x67, 0x81, 0x0c, 0x24, 0, 1] : [0x81, 0x0c, 0x24, 0, 1, 0, 0];
    return [item.raw([0x9c, ...or, 0x9d], 'set tf')];
  }

  #segmentLoad(): Item[] {
    const seg = this.pick([ES, FS, GS]);
    if (this.world.code === 64 && seg !== FS) return [];
    const selector = this.chance(6) ? 0 : at.selectorOf(this.world, this.pick([ES, SS, DS, seg, seg]));
    const width = this.world.code === 16 ? [] : [0x66];
    return [item.raw([...width, 0xb8, selector & 255, selector >> 8, 0x8e, 0xc0 | (seg << 3)], `mov sreg${seg}`)];
  }

  protected string(): Item[] {
    const row = this.pick(this.pools.string);
    const count = this.chance(12) ? this.random(3000) : this.random(40);
    return [
      item.raw(this.moveImmediate(1, count), 'mov cx'),
      ...(this.chance(2) ? [this.pointer(6), this.pointer(7)] : []),
      item.raw([this.chance(4) ? 0xfd : 0xfc], 'cld/std'),
      item.raw(randomInstruction(row, this.random, this.mode).bytes, row.mnemonic),
      ...(this.chance(2) ? [item.raw([0xfc], 'cld')] : []),
    ];
  }
}

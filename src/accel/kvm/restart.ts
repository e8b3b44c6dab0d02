import { writeRflags } from '../../cpu/flags.ts';
import { MODE } from '../../cpu/mode.ts';
import { CS, RCX, RDX, W } from '../../cpu/state.ts';
import type { AddressMap } from '../../memory/address-map.ts';
import type { Interpreter } from './core.ts';

/** Where SYSCALL leads in KVM: an address that no kernel gives to its programs. */
export const SYSCALL_TRAP = 0xffff_8bad_0000_0000n;
/** Exceptions that report the address behind their instruction: those of INT1, INT3 and INTO, and their opcodes. */
const TRAPS: Readonly<Record<number, number>> = { 1: 0xf1, 3: 0xcc, 4: 0xce };

/** Moves RIP back to an instruction of ring 3 that KVM has done or begun, so that the interpreter runs it. */
export class InstructionRestart {
  readonly #interpreter: Interpreter;
  readonly #memory: AddressMap;

  constructor(interpreter: Interpreter, memory: AddressMap) {
    this.#interpreter = interpreter;
    this.#memory = memory;
  }

  exception(vector: number): void {
    const opcode = TRAPS[vector];
    if (opcode !== undefined && this.#byteBefore(1) === opcode) this.#rewind(1);
  }

  /** KVM did SYSCALL, and what follows it did not. RCX holds the address behind SYSCALL and R11 the flags (SDM 2B, SYSCALL); both are its results anyway. */
  systemCall(): void {
    const { state } = this.#interpreter;
    state.set('rip', state.get('gpr', RCX));
    if (this.#byteBefore(2) !== 0x0f || this.#byteBefore(1) !== 0x05) {
      state.set('rip', SYSCALL_TRAP);
      return;
    }
    this.#rewind(2);
    writeRflags(state.words, Number(state.get('gpr', 11) & 0xffffffffn) | 0);
  }

  /** @param size bytes that OUT or OUTS wrote */
  output(port: number, size: number): void {
    const { state } = this.#interpreter;
    const last = this.#byteBefore(1);
    const before = this.#byteBefore(2);
    let length = 0;
    if ((last === 0xee || last === 0xef) && Number(state.get('gpr', RDX) & 0xffffn) === port) length = 1;
    else if ((before === 0xe6 || before === 0xe7) && last === port) length = 2;
    else if (last === 0x6e || last === 0x6f) length = 1;
    if (length > 0 && size === 2 && this.#byteBefore(length + 1) === 0x66) length++;
    this.#rewind(length);
  }

  /** The byte at a linear address; -1 when there is none. */
  byteAt(linear: bigint): number {
    const at = this.#interpreter.translate(linear);
    const offset = at === undefined ? -1 : this.#memory.readableOffset(at);
    return offset < 0 ? -1 : this.#memory.ram.u8[offset]!;
  }

  #rewind(bytes: number): void {
    const { state } = this.#interpreter;
    state.set('rip', state.get('rip') - BigInt(bytes));
  }

  /** The byte `distance` before RIP; -1 when there is none. */
  #byteBefore(distance: number): number {
    const { state } = this.#interpreter;
    const long = (state.words[W.mode]! & MODE.CODE) === MODE.CODE_64;
    return this.byteAt(state.get('rip') - BigInt(distance) + (long ? 0n : state.get('base', CS)));
  }
}

import { VECTOR } from '../fault.ts';
import { type FlagKind, flagKindCode } from '../flags.ts';
import type { OperandSize } from '../insn.ts';
import type { Known, ValueId } from '../ir/block.ts';
import { MODE } from '../mode.ts';
import { CS, FLAG, W } from '../state.ts';
import { RegisterEmitter } from './registers.ts';
import type { HelperArg, Val } from './values.ts';

/** Flags, faults, helpers, and what comes behind the instruction. */
export abstract class ControlEmitter extends RegisterEmitter {
  /** All six arithmetic flags follow from `result = a op b` (flags.ts). */
  setFlags(kind: Exclude<FlagKind, 'EXPLICIT'>, result: Val, a: Val | null = null, b: Val | null = null): void {
    const wide = result.size < 4 ? this.signed(result) : result.id;
    const code = flagKindCode(kind, result.size);
    this.ir.add({ op: 'setFlags', kind: code, result: wide, a: a?.id ?? null, b: b?.id ?? null });
  }

  /** ZF, SF and PF from the result; CF, OF, AF from 0/1 values (absent ones are cleared). */
  setResultFlags(result: Val, cf: Val | null, of: Val | null, af: Val | null = null): void {
    const zero = this.const(0, 4);
    let bits = cf ?? zero;
    if (of !== null) bits = this.or(bits, this.shl(of, this.const(11, 4)));
    if (af !== null) bits = this.or(bits, this.shl(af, this.const(4, 4)));
    this.setFlags('CARRIES', result, bits);
  }

  /** 0 or 1. */
  condition(cc: Known): Val {
    return { id: this.ir.add({ op: 'cond', type: 'i32', cc }), size: 4 };
  }
  carry(): Val {
    return this.condition(2);
  }

  /** Those of OF SF ZF AF PF CF that `mask` has, as RFLAGS bits. */
  arithmeticFlags(mask: number = FLAG.ARITH): Val {
    return { id: this.ir.add({ op: 'getFlags', type: 'i32', mask }), size: 4 };
  }

  /** Replaces the flags of `mask` (FLAG bits) by those of `bits`; the other arithmetic flags stay. */
  changeFlags(mask: number, bits: Val): void {
    const wanted = this.and(bits, this.const(mask, 4));
    const areCarries = (mask & ~FLAG.CARRIES) === 0;
    const kept = (areCarries ? FLAG.CARRIES : FLAG.ARITH) & ~mask;
    const value = kept === 0 ? wanted : this.or(this.arithmeticFlags(kept), wanted);
    this.ir.add({ op: areCarries ? 'putCarries' : 'putFlags', value: value.id });
  }

  /** Values made inside an arm are not used outside it. */
  if(condition: Val, then: () => void, otherwise?: () => void): void {
    this.ir.add({ op: 'if', condition: condition.id });
    then();
    if (otherwise !== undefined) {
      this.ir.add({ op: 'else' });
      otherwise();
    }
    this.ir.add({ op: 'end' });
  }

  /** A run-time helper (helpers/index.ts) for its effect. */
  call(helper: string, ...args: HelperArg[]): void {
    this.ir.add({ op: 'call', helper, args: args.map(argument) });
  }

  /** A run-time helper for its result. Sizes below 4 are taken as zero-extended by the helper. */
  callFor(size: OperandSize, helper: string, ...args: HelperArg[]): Val {
    const type = size === 8 ? 'i64' : 'i32';
    return { id: this.ir.add({ op: 'call', type, helper, args: args.map(argument) }), size };
  }
  raise(vector: number, errorCode = -1): void {
    this.call('raise', vector, errorCode);
  }

  /** Raises a fault with error code 0 when `condition`, an i32, is not 0. */
  faultIf(condition: Val, vector: number): void {
    this.ir.add({ op: 'fault', condition: condition.id, vector });
  }

  /** Instruction pointer behind this instruction, as pushed by CALL. */
  nextIp(size: 2 | 4 | 8): Val {
    const [low, high] = this.insn.next;
    if (size === 8) return { id: this.ir.const64(low, high), size };
    const id = this.ir.const32(low);
    return size === 2 ? { id: this.ir.pure('and', id, this.ir.const32(0xffff)), size } : { id, size };
  }

  /** Near jump to the relative operand's target, which `checkJump` has passed. */
  jump(): void {
    this.ir.terminal = { kind: 'jump' };
  }
  branch(condition: Val): void {
    this.ir.terminal = { kind: 'branch', condition: condition.id };
  }

  /** #GP(0) when the relative operand's target cannot be jumped to and `condition` is not 0. */
  checkJump(condition?: Val): void {
    if (this.insn.targetFaults) this.faultIf(condition ?? this.const(1, 4), VECTOR.GP);
  }

  /** #GP(0) when a computed target is not canonical, or beyond the limit of the code segment. */
  checkTarget(target: Val): void {
    if (this.long) return this.checkCanonical(target, VECTOR.GP);
    if ((this.mode & (1 << (MODE.FLAT_SHIFT + CS))) !== 0) return;
    this.faultIf(this.ltu(this.field(W.limit + CS, 4), this.zext(target, 4)), VECTOR.GP);
  }

  /** Near jump to a computed offset, zero-extended from its size, which `checkTarget` has passed. */
  jumpTo(target: Val): void {
    this.ir.terminal = { kind: 'indirect', target: this.zext(target, this.long ? 8 : 4).id };
  }

  /** A helper has set RIP (far transfer, interrupt return, ...). */
  exit(): void {
    this.ir.terminal = { kind: 'exit' };
  }

  /** Ends the block: the mode, translations, or the interrupt state may have changed. */
  sync(): void {
    this.ir.terminal = { kind: 'sync' };
  }

  /** REP: the instruction runs again while `condition` is not 0. */
  repeat(condition: Val): void {
    this.ir.terminal = { kind: 'repeat', condition: condition.id };
  }

  /** Raises a fault with error code 0 when a 64-bit address is not canonical. */
  checkCanonical(address: Val, vector: number): void {
    const above = this.add(this.high(address), this.const(0x8000, 4));
    this.faultIf(this.ltu(this.const(0xffff, 4), above), vector);
  }
}

const argument = (arg: HelperArg): ValueId | { known: Known } => (typeof arg === 'object' ? arg.id : { known: arg });

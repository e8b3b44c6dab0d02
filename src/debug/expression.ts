import type { CpuState } from '../cpu/state.ts';
import { gdbRegisters } from './gdb/registers.ts';

/** The user typed something into the monitor that has no meaning; the message says what would. */
export class MonitorError extends Error {
  override readonly name = 'MonitorError';
}

const REGISTERS = new Map([...gdbRegisters(true), ...gdbRegisters(false)].map((register) => [register.name, register]));
const ALIASES: Readonly<Record<string, string>> = { pc: 'rip', sp: 'rsp', fp: 'rbp', rflags: 'eflags' };

/** Value of `$name`. @throws MonitorError */
function registerValue(state: CpuState, name: string): bigint {
  const register = REGISTERS.get(ALIASES[name] ?? name);
  if (register === undefined || register.bytes > 8) throw new MonitorError(`there is no register $${name}`);
  return register.read(state).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

const TERM = /^\s*(?:\$(\w+)|(0x[\da-f]{1,16}|\d{1,20}))\s*/i;

/** Evaluates numbers and `$register`s joined by + - and *, from left to right, in 64 bits. @throws MonitorError */
export function evaluate(text: string, state: CpuState): bigint {
  let rest = text;
  let value = 0n;
  let operator = '+';
  for (;;) {
    const match = TERM.exec(rest);
    if (match === null) throw new MonitorError(`"${text.slice(0, 60)}" is no expression: write 0x1000, $rip or $rsp+8`);
    const term = match[1] === undefined ? BigInt(match[2]!) : registerValue(state, match[1].toLowerCase());
    value = operator === '+' ? value + term : operator === '-' ? value - term : value * term;
    rest = rest.slice(match[0].length);
    if (rest === '') return BigInt.asUintN(64, value);
    operator = rest[0]!;
    if (!'+-*'.includes(operator)) throw new MonitorError(`"${operator}" in "${text.slice(0, 60)}": write + - or *`);
    rest = rest.slice(1);
  }
}

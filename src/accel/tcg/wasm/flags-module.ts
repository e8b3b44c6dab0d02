import { KIND } from '../../../cpu/flags.ts';
import { W } from '../../../cpu/state.ts';
import { MEMORY, OP, WasmCode } from './code.ts';
import { FlagPrinter, isKnown } from './flags.ts';
import { moduleOf } from './module.ts';

const RESULT = { params: 0, result: true } as const;
const IMPORTED = 0;

/**
 * A module whose function gives the arithmetic flags of the state as RFLAGS bits. It asks `m.flagsOf` about the few kinds
 * that have no text here.
 *
 * @param state byte offset of the state in the memory
 */
export function flagsModule(state: number): Uint8Array {
  const body = new WasmCode();
  const word = (at: number) => 4 * at + state;
  const kinds = Array.from({ length: KIND.IMUL + 4 }, (_, kind) => kind);
  // Out of as many blocks as a kind's number says.
  for (let n = 0; n <= kinds.length; n++) body.block();
  body.i32(0);
  body.memory(MEMORY.i32_load, word(W.flagKind));
  body.brTable(kinds, kinds.length);
  for (const kind of kinds) {
    body.op(OP.end);
    if ((kind & ~3) === KIND.EXPLICIT ? kind !== KIND.EXPLICIT : !isKnown(kind)) {
      body.br(kinds.length - 1 - kind);
      continue;
    }
    const push = (at: number) => (): void => {
      body.i32(0);
      body.memory((kind & 3) === 3 ? MEMORY.i64_load : MEMORY.i32_load, word(at));
    };
    new FlagPrinter(body, kind, { a: push(W.flagA), b: push(W.flagB), r: push(W.flagRes) }).all();
    body.op(OP.return);
  }
  body.op(OP.end);
  body.call(IMPORTED);
  return moduleOf([{ name: 'flagsOf', signature: RESULT }], { signature: RESULT, locals: [], body });
}

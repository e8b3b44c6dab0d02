import type { Emitter, Val } from '../emitter.ts';
import type { Operand } from '../insn.ts';
import type { Emit } from '../isa/row.ts';
import { ES, RDI, RDX, RSI } from '../state.ts';
import { sourceSegment } from './integer.ts';
import { advance, repeated } from './string.ts';

/** Ports. A device may do anything, so every form ends its block. */

const sizeOf = (operand: Operand | undefined): 1 | 2 | 4 => operand!.size as 1 | 2 | 4;

export const portIn: Emit = (t, dst, port) => {
  t.write(dst!, t.callFor(sizeOf(dst), 'portIn', t.read(port!), sizeOf(dst)));
  t.sync();
};

export const portOut: Emit = (t, port, src) => {
  t.call('portOut', t.read(port!), sizeOf(src), t.read(src!));
  t.sync();
};

const port = (t: Emitter): Val => t.gpr(RDX, 2);

/** The destination is checked first: reading a port cannot be taken back. */
export const ins: Emit = (t, dst) => {
  repeated(t, () => {
    const size = sizeOf(dst);
    const address = t.gpr(RDI, t.addressSize);
    t.call('checkPort', port(t), size);
    const id = t.linear(ES, address, size, true);
    const linear: Val = { id, size: t.ir.typeOf(id) === 'i64' ? 8 : 4 };
    t.call('probeWrite', t.zext(linear, 8), size);
    t.store(ES, address, t.callFor(size, 'portIn', port(t), size));
    advance(t, size, RDI);
  });
  if (t.insn.rep === 0) t.sync();
};

export const outs: Emit = (t, _port, src) => {
  repeated(t, () => {
    const size = sizeOf(src);
    t.call('checkPort', port(t), size);
    const value = t.load(sourceSegment(t), t.gpr(RSI, t.addressSize), size);
    t.call('portOut', port(t), size, value);
    advance(t, size, RSI);
  });
  if (t.insn.rep === 0) t.sync();
};

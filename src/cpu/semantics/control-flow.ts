import type { Emit } from '../isa/row.ts';

/** Near calls, jumps and returns. Far ones are in far.ts. */
export const callRelative: Emit = (t) => {
  t.checkJump();
  t.push(t.nextIp(t.size));
  t.jump();
};

export const callIndirect: Emit = (t, target) => {
  const to = t.read(target!);
  t.checkTarget(to);
  t.push(t.nextIp(t.size));
  t.jumpTo(to);
};

export const jmpRelative: Emit = (t) => {
  t.checkJump();
  t.jump();
};

export const jmpIndirect: Emit = (t, target) => {
  const to = t.read(target!);
  t.checkTarget(to);
  t.jumpTo(to);
};

export const ret: Emit = (t) => {
  const target = t.top(t.size);
  t.checkTarget(target);
  t.setStack(t.stackAddress(t.size));
  t.jumpTo(target);
};

/** RET imm16 drops its operand's number of bytes of arguments. */
export const retDrop: Emit = (t, bytes) => {
  const target = t.top(t.size);
  t.checkTarget(target);
  const above = t.stackAddress(t.size);
  t.setStack(t.add(above, t.zext(t.read(bytes!), above.size)));
  t.jumpTo(target);
};

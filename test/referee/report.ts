import { createDecoder } from '../../src/cpu/decode.ts';
import { disassemble } from '../../src/cpu/disassemble.ts';
import { printIr } from '../../src/cpu/ir/print.ts';
import { OPCODE_ROWS } from '../../src/cpu/isa/index.ts';
import { featuresOf } from '../../src/cpu/isa/lookup.ts';
import { translateInsn } from '../../src/cpu/translate.ts';
import { REGISTERS } from '../isa/cases.ts';
import { emits, type TestTier } from '../support/tiers.ts';
import { nameOf, type RefereeCase } from './generate.ts';
import { AT, type Image } from './image.ts';
import type { Failure } from './referee.ts';
import { TcgMachine } from './tcg-machine.ts';

const decode = createDecoder({ features: featuresOf(OPCODE_ROWS) });
const insnOf = ({ code, world, before }: RefereeCase) =>
  decode(Buffer.concat([code, Buffer.alloc(15)]), 0, 15 + code.length, world.mode, Number(before.rip), 0);

export function textOf(one: RefereeCase): string {
  const insn = insnOf(one);
  return insn === 'truncated' ? '?' : disassemble(insn);
}

/** A failure as a whole: instruction, states side by side, IR, emitted text, how to run it again. */
export function report(failure: Failure, seed: number): string {
  const { one, tier, want, got, found } = failure;
  const hex = Buffer.from(one.code).toString('hex');
  const again = `npm run referee -- --seed ${seed} --case ${one.number} --world ${one.world.name} --tier ${tier}`;
  const insn = insnOf(one);
  return [
    `${nameOf(one.row)}: ${textOf(one)}   (${hex}, ${one.world.name}, ${tier})`,
    `again: ${again}`,
    ...columns(one, want, got, new Set(found.map(({ name }) => name))),
    ...found
      .filter(({ name }) => name.startsWith('['))
      .map((d) => `* ${d.name.padEnd(10)} ${d.before}  ${d.silicon}  ${d.here}`),
    ...(insn === 'truncated'
      ? []
      : printIr(translateInsn(insn))
          .split('\n')
          .map((line) => `    ${line}`)),
    ...(emits(tier) ? emitted(one, tier) : []),
  ].join('\n');
}

function columns(one: RefereeCase, want: Image, got: Image, differ: ReadonlySet<string>): string[] {
  const line = (name: string, shown: string, of: (image: Image) => number | bigint | string): string[] => {
    const [before, silicon, here] = [one.before, want, got].map((image) => {
      const value = of(image);
      return (typeof value === 'string' ? value : value.toString(16)).padEnd(20);
    });
    if (before === silicon && silicon === here && !/^(rip|rflags|r\d+)$/.test(name)) return [];
    return [`${differ.has(name) ? '*' : ' '} ${shown.padEnd(10)} ${before} ${silicon} ${here}`];
  };
  const bytes = (part: Uint8Array): string => Buffer.from(part).reverse().toString('hex');
  const registers = one.world.code === 64 ? 16 : 8;
  return [
    `  ${'register'.padEnd(10)} ${'before'.padEnd(20)} ${'silicon'.padEnd(20)} here`,
    ...line('exception', 'exception', ({ vector, errorCode }) => `${vector}(${errorCode})`),
    ...line('cr2', 'cr2', ({ cr2 }) => cr2),
    ...line('rip', 'rip', ({ rip }) => rip),
    ...line('rflags', 'rflags', ({ rflags }) => rflags),
    ...Array.from({ length: registers }, (_, n) => line(`r${n}`, REGISTERS[n]!, (image) => image.gpr(n))).flat(),
    ...Array.from({ length: registers }, (_, n) => line(`xmm${n}`, `xmm${n}`, (image) => bytes(image.xmm(n)))).flat(),
    ...Array.from({ length: 8 }, (_, n) => line(`st${n}`, `st${n}`, (image) => bytes(image.st(n)))).flat(),
    ...line('mxcsr', 'mxcsr', ({ mxcsr }) => mxcsr),
    ...line('fcw', 'fcw', ({ view }) => view.getUint16(AT.fcw, true)),
    ...line('fsw', 'fsw', ({ fsw }) => fsw),
    ...line('ftw', 'ftw', (image) => image.bytes[AT.ftw]!),
  ];
}

function emitted(one: RefereeCase, tier: TestTier): string[] {
  const machine = new TcgMachine(tier, one.world);
  const texts: string[] = [];
  machine.vcpu.regions!.onMade = ({ text }) => texts.push(text);
  machine.run([one]);
  return texts;
}

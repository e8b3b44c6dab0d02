import { expect, it } from 'vitest';
import { MicroCpu, type Width } from '../../bench/micro/cpu.ts';
import type { MadeRegion } from '../../src/accel/tcg/jit/regions.ts';
import type { TcgOptions } from '../../src/accel/tcg/vcpu.ts';
import { W } from '../../src/cpu/state.ts';

const HLT = 0xf4;
const le32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >> shift) & 255);

/**
 * A guest that makes functions, runs each in a loop of 300 passes, and makes the next one 16 bytes on, in 16 KiB
 * at 0x200000, again and again. Its first argument: how many. EBX sums up what they compute.
 */
// biome-ignore format: an instruction at a time
const maker = (width: Width): number[] => [
  0x89, width === 64 ? 0xfe : 0xc6,   //       mov esi,edi or eax
  0xbf, ...le32(0x200000),            //       mov edi,0x200000
  0x31, 0xdb,                         //       xor ebx,ebx
  0xc6, 0x07, 0xb8,                   // next: mov byte [edi],0xb8            mov eax,esi's value
  0x89, 0x77, 0x01,                   //       mov [edi+1],esi
  0xc7, 0x47, 0x05, 0x01, 0xc3, 0x31, 0xc3, // mov dword [edi+5],0xc331c301   add ebx,eax; xor ebx,eax
  0xc7, 0x47, 0x09, 0xff, 0xca, 0x75, 0xf8, // mov dword [edi+9],0xf875caff   dec edx; jnz -8
  0xc6, 0x47, 0x0d, 0xc3,             //       mov byte [edi+13],0xc3         ret
  0xba, ...le32(300),                 //       mov edx,300
  0xff, 0xd7,                         //       call edi
  0x83, 0xc7, 0x10,                   //       add edi,16
  0x81, 0xe7, ...le32(0x203ff0),      //       and edi,0x203ff0
  0xff, 0xce,                         //       dec esi
  0x75, 0xd4,                         //       jnz next
  0xc3,                               //       ret
];

function sumOf(functions: number): number {
  let sum = 0;
  for (let value = functions; value > 0; value--) {
    for (let pass = 0; pass < 300; pass++) sum = ((sum + value) ^ value) | 0;
  }
  return sum;
}

function make(functions: number, width: Width, options: Pick<TcgOptions, 'jit' | 'limits'>) {
  const cpu = new MicroCpu('jit', width, options);
  const entry = cpu.place(Uint8Array.from(maker(width)));
  cpu.call(entry, functions, 0);
  expect(cpu.vcpu.w[W.gpr + 6]).toBe(sumOf(functions));
  return cpu.vcpu;
}

it.each([32, 64] as const)('a guest that makes code for a living stays within the limits, %i bits', (width) => {
  // A module takes more than a short text.
  const limits = { records: 4_000, characters: width === 32 ? 900_000 : 2_000_000 };
  const FUNCTIONS = 1_500;
  const { code, regions } = make(FUNCTIONS, width, { jit: { hot: 100 }, limits });
  const { made, dropped, evicted } = regions!.stats;
  expect(made).toBeGreaterThan(FUNCTIONS / 2);
  expect(evicted).toBeGreaterThan(0);
  expect(dropped - evicted).toBeGreaterThan(0);
  expect(code.size).toBeLessThan(limits.records + 500);
  expect(regions!.characters).toBeLessThan(limits.characters + 100_000);
});

it('where there is no room for more regions, others go and it is made later', () => {
  const FUNCTIONS = 500;
  const { code, regions } = make(FUNCTIONS, 64, { jit: { hot: 30, words: 256 } });
  const { made, refused, evicted } = regions!.stats;
  expect(refused).toBeGreaterThan(10);
  expect(evicted).toBeGreaterThan(10 * refused);
  expect(made).toBeGreaterThan(FUNCTIONS / 2);
  expect(code.store.functions.byNumber.length).toBeLessThan(200);
});

it.each([
  [
    'WebAssembly',
    true,
    /^region_\d+_0_200005\n\(local( i32| i64)+\)\n(.*\n)*? +i32\.add\n(.*\n)*return_call leave\n?$/,
  ],
  ['JavaScript', false, /^return function region_\d+_0_200005\(i\)/m],
] as const)('%s can be read by who asks', (language, wasm, text) => {
  const cpu = new MicroCpu('jit', 64, { jit: { hot: 100, passes: { 'web-assembly': wasm } } });
  const { regions } = cpu.vcpu;
  const made: MadeRegion[] = [];
  regions!.onMade = (one) => made.push(one);
  cpu.call(cpu.place(Uint8Array.from(maker(64))), 1, 0);
  expect(made).toHaveLength(1);
  expect(made[0]!.text).toMatch(text);
  expect(regions!.stats[language]).toEqual({ made: 1, length: expect.any(Number) });
  expect(regions!.stats[wasm ? 'JavaScript' : 'WebAssembly']).toEqual({ made: 0, length: 0 });
});

it('a hundred thousand blocks, each of them hot, stay within the limits', () => {
  const BLOCKS = 100_000;
  const limits = { records: 60_000, characters: 2_000_000 };
  const cpu = new MicroCpu('jit', 32, { jit: { hot: 2 }, limits });
  // INC EAX; JMP to the next block
  const bomb = new Uint8Array(3 * BLOCKS + 1);
  for (let block = 0; block < BLOCKS; block++) bomb.set([0x40, 0xeb, 0x00], 3 * block);
  bomb[3 * BLOCKS] = HLT;
  const entry = cpu.place(bomb);
  const { code, regions, w } = cpu.vcpu;
  w[W.gpr] = 0;
  for (let pass = 1; pass <= 3; pass++) {
    cpu.runFrom(entry);
    expect(w[W.gpr]).toBe(pass * BLOCKS);
    expect(code.size).toBeLessThan(limits.records + 1_000);
    expect(regions!.characters).toBeLessThan(limits.characters + 200_000);
  }
  expect(code.predecoder.decoded).toBeGreaterThan(2 * BLOCKS);
});

it('code that changed once is linked again, and nothing else is forgotten', () => {
  const PASSES = 1_000;
  // next: INC EAX; NOP; DEC ECX; JNZ next; RET, and EAX begins at 0. The NOP becomes INC EAX after it ran.
  const cpu = new MicroCpu('interp', 32);
  const entry = cpu.place(Uint8Array.of(0x89, 0xc1, 0x31, 0xc0, 0x40, 0x90, 0x49, 0x75, 0xfb, 0xc3));
  const { pages, w } = cpu.vcpu;
  cpu.call(entry, PASSES, 0);
  expect(w[W.gpr]).toBe(PASSES);
  cpu.ram.u8[entry + 5] = 0x40;
  pages.writtenRange(entry + 5, 1);
  const generation = w[W.generation];
  cpu.call(entry, PASSES, 0);
  expect(w[W.gpr]).toBe(2 * PASSES);
  expect(w[W.generation]).toBe(generation);
});

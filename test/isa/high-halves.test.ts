import { expect, it } from 'vitest';
import { RBX, RCX, RDI } from '../../src/cpu/state.ts';
import { Guest } from './guest.ts';
import { compileAtRip } from './jit-frame.ts';

const AT = 0x200000;
// biome-ignore format: an instruction at a time
const LOOP = [
  0x48, 0x81, 0xc3, 0x00, 0x00, 0x00, 0x10, // add rbx,10000000h
  0x48, 0x83, 0xef, 0x08,                   // sub rdi,8
  0x48, 0x8d, 0x04, 0xdf,                   // lea rax,[rdi+rbx*8]
  0x48, 0x63, 0xd0,                         // movsxd rdx,eax
  0x48, 0xff, 0xc9,                         // dec rcx
  0x75, 0xe9,                               // jnz
  0xf4,                                     // hlt
];
const STARTS: readonly (readonly [rbx: bigint, rdi: bigint])[] = [
  [0n, 0x1_0000_0040n],
  [0xffff_f000n, 0x20n],
  [0xffff_ffff_f000_0000n, 0x10n],
  [0x7fff_1234_0000_0000n, 0xffff_8880_0000_0000n],
  [0x0123_4567_89ab_cdefn, 0x8000_0000_0000_0000n],
];

// biome-ignore format: an instruction at a time
const POINTERS = [
  0x48, 0x83, 0xc3, 0x10,                   // add rbx,16
  0x48, 0x8d, 0x44, 0x0b, 0xf0,             // lea rax,[rbx+rcx-16]
  0x48, 0x89, 0xda,                         // mov rdx,rbx
  0x48, 0x29, 0xfa,                         // sub rdx,rdi
  0x48, 0x21, 0xc2,                         // and rdx,rax
  0x49, 0x09, 0xd0,                         // or r8,rdx
  0x49, 0x89, 0xf9,                         // mov r9,rdi
  0x49, 0x31, 0xd9,                         // xor r9,rbx
  0x48, 0x83, 0xef, 0x08,                   // sub rdi,8
  0x48, 0xff, 0xc9,                         // dec rcx
  0x75, 0xdc,                               // jnz
  0xf4,                                     // hlt
];
/** As processes have their stacks and mappings, one after the other; then apart, and over the end of 4 GiB. */
const PLACES: typeof STARTS = [
  [0x7f5b_8000_0000n, 0x7f5b_0000_1000n],
  [0x7fff_9000_1000n, 0x7fff_1000_0000n],
  [0x7e00_8000_0000n, 0x7e00_0000_2000n],
  [0x7f5b_0000_1000n, 0x7ffe_0000_0000n],
  [0x7f5b_ffff_ff00n, 0x7f5b_0000_0040n],
];

/** Runs a loop from each start, `rounds` times over; a region is made for the first. */
function results(tier: 'eval' | 'js', rounds: number, code = LOOP, starts = STARTS) {
  const { vcpu, ram } = new Guest(tier);
  ram.u8.set(code, AT);
  const seen: bigint[][] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [rbx, rdi] of starts) {
      for (let register = 0; register < 16; register++) vcpu.state.set('gpr', 0n, register);
      vcpu.state.set('gpr', rbx, RBX);
      vcpu.state.set('gpr', rdi, RDI);
      vcpu.state.set('gpr', 40n, RCX);
      vcpu.state.set('rip', BigInt(AT));
      vcpu.state.set('halted', 0n);
      if (tier === 'js') compileAtRip(vcpu);
      vcpu.run(10_000);
      seen.push(Array.from({ length: 16 }, (_, register) => vcpu.state.get('gpr', register)));
    }
  }
  return { seen, stats: vcpu.regions?.stats };
}

it('high halves that change are as they should be, and a region that is often wrong is made anew', () => {
  const { seen, stats } = results('js', 12);
  expect(seen).toEqual(results('eval', 12).seen);
  expect(stats!.guards).toBeGreaterThan(0);
  expect(stats!.unsuited).toBeGreaterThan(0);
  expect(stats!.dropped).toBeGreaterThan(0);
});

it('addresses of another process are not wrong where they lie together as in the one before', () => {
  const { stats } = results('js', 1, POINTERS, PLACES.slice(0, 3));
  expect(stats).toMatchObject({ made: 1, guards: 0, unsuited: 0 });
  const { seen, stats: all } = results('js', 12, POINTERS, PLACES);
  expect(seen).toEqual(results('eval', 12, POINTERS, PLACES).seen);
  expect(all!.guards).toBeGreaterThan(0);
  expect(all!.unsuited).toBeGreaterThan(0);
});

import { beforeEach, describe, expect, it } from 'vitest';
import { MicroCpu } from '../../bench/micro/cpu.ts';
import { type KeptData, KeptRegions } from '../../src/accel/tcg/kept/kept-regions.ts';
import { W } from '../../src/cpu/state.ts';

const EBX = W.gpr + 2 * 3;
const EBP = W.gpr + 2 * 5;
const HLT = 0xf4;
const PAGE = 4096;
const TABLES = 0x10000;
const COUNT = 20_000;
const le32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >> shift) & 255);

/** Where the image is, of a kernel that chooses anew at each start: 16 or 32 MiB into the last 2 GiB. */
const PLACES = [0x81000000 | 0, 0x82000000 | 0] as const;
/** In the image, and near address 0. */
const [DATA, CPU_DATA] = [0x200000, 0x201000];

/** A 64-bit CPU whose RAM is also seen at each of the places. */
function cpuWith(kept: KeptRegions | undefined): MicroCpu {
  const cpu = new MicroCpu(kept === undefined ? 'interp' : 'jit', 64, { jit: { hot: 1000, ...(kept && { kept }) } });
  const { view } = cpu.ram;
  view.setBigUint64(TABLES + 8 * 511, BigInt(TABLES + PAGE) | 3n, true);
  view.setBigUint64(TABLES + PAGE + 8 * 510, BigInt(TABLES + 2 * PAGE) | 3n, true);
  for (const place of PLACES) {
    for (const table of [0, 1]) {
      const entry = view.getBigUint64(TABLES + 2 * PAGE + 8 * table, true);
      view.setBigUint64(TABLES + 2 * PAGE + 8 * (((place & 0x3fffffff) >>> 21) + table), entry, true);
    }
  }
  cpu.ram.i32[DATA / 4] = 7;
  cpu.ram.i32[CPU_DATA / 4] = 11;
  return cpu;
}

/** A loop that names its data by absolute addresses, as code of a kernel does; `add` is a constant of it. */
function loopAt(place: number, at: number, add: number): number[] {
  const body = [
    ...[0x31, 0xc9, 0x31, 0xd2], //                   xor ecx,ecx; xor edx,edx
    ...[0x48, 0xc7, 0xc0, ...le32(place + DATA)], //  mov rax,place+DATA
    ...[0x03, 0x18], //                               add ebx,[rax]
    ...[0x03, 0x1c, 0x25, ...le32(place + DATA)], //  add ebx,[place+DATA]
    ...[0x83, 0xc3, add], //                          add ebx,add
  ];
  const next = place + at + body.length + 6;
  body.push(0x03, 0x1d, ...le32(CPU_DATA - next)); // add ebx,[rip+...]: CPU_DATA
  return [...body, 0xff, 0xcd, 0x75, -(body.length + 4) & 255, HLT];
}

/** What the loop makes of EBX, at a place or where its bytes lie. */
function run(cpu: MicroCpu, place: number, add = 1): number {
  const at = 0x100000;
  cpu.place(Uint8Array.from(loopAt(place, at, add)));
  const { w } = cpu.vcpu;
  w[EBX] = 0;
  w[EBP] = COUNT;
  w[W.rip + 1] = -1;
  cpu.runFrom(place + at);
  return w[EBX]!;
}

/** As a file would give it. */
const copied = (kept: KeptRegions): KeptData => structuredClone(kept.data);

describe('regions that an earlier run made', () => {
  const [here, elsewhere] = PLACES;
  let data: KeptData;

  beforeEach(() => {
    const kept = new KeptRegions();
    expect(run(cpuWith(kept), here)).toBe(run(cpuWith(undefined), here));
    expect(kept).toMatchObject({ loaded: 0, used: 0, added: 1 });
    data = copied(kept);
  });

  it('are used for the same code', () => {
    const kept = new KeptRegions(data);
    const cpu = cpuWith(kept);
    expect(run(cpu, here)).toBe(run(cpuWith(undefined), here));
    expect(kept).toMatchObject({ loaded: 1, used: 1, unlike: 0, added: 0 });
    expect(cpu.vcpu.regions!.stats).toMatchObject({ made: 1 });
    expect(kept.data.regions).toHaveLength(1);
  });

  it('move with the image of a kernel', () => {
    const kept = new KeptRegions(data);
    expect(run(cpuWith(kept), elsewhere)).toBe(run(cpuWith(undefined), elsewhere));
    expect(kept).toMatchObject({ used: 1, unlike: 0, added: 0 });
  });

  it('are not used where the code is another one', () => {
    const kept = new KeptRegions(data);
    expect(run(cpuWith(kept), here, 2)).toBe(run(cpuWith(undefined), here, 2));
    expect(kept).toMatchObject({ used: 0, added: 1 });
    expect(kept.unlike).toBeGreaterThan(0);
  });

  it('go with the code that changes under them', () => {
    const kept = new KeptRegions(data);
    const cpu = cpuWith(kept);
    run(cpu, here);
    const at = 0x100000 + loopAt(here, 0x100000, 1).indexOf(0x83) + 2;
    cpu.vcpu.pages.writtenRange(at, 1);
    cpu.ram.u8[at] = 3;
    const { w } = cpu.vcpu;
    w[EBX] = 0;
    w[EBP] = COUNT;
    cpu.runFrom(here + 0x100000);
    expect(w[EBX]).toBe(run(cpuWith(undefined), here, 3));
  });

  it('are there for each state of code that changes', () => {
    /** The loop as it is, and as it changes itself to add 3. */
    const changing = (kept: KeptRegions | undefined): number => {
      const cpu = cpuWith(kept);
      const sum = run(cpu, here);
      const at = 0x100000 + loopAt(here, 0x100000, 1).indexOf(0x83) + 2;
      cpu.vcpu.pages.writtenRange(at, 1);
      cpu.ram.u8[at] = 3;
      const { w } = cpu.vcpu;
      w[EBX] = sum;
      w[EBP] = COUNT;
      cpu.runFrom(here + 0x100000);
      return w[EBX]!;
    };
    const first = new KeptRegions();
    expect(changing(first)).toBe(changing(undefined));
    expect(first).toMatchObject({ used: 0, added: 2 });
    for (let start = 2; start <= 3; start++) {
      const again = new KeptRegions(copied(first));
      expect(changing(again)).toBe(changing(undefined));
      expect(again).toMatchObject({ loaded: 2, used: 2, added: 0 });
    }
  });

  it('are not used by code that takes other things for granted', () => {
    const kept = new KeptRegions({ ...data, fingerprint: 'other' });
    expect(run(cpuWith(kept), here)).toBe(run(cpuWith(undefined), here));
    expect(kept).toMatchObject({ loaded: 0, used: 0, added: 1 });
  });

  it.each([
    ['no module', { bytes: new Uint8Array(9), imports: [], codeLength: 0 }],
    [
      'one of something else',
      { bytes: Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]), imports: [], codeLength: 0 },
    ],
  ])('do no harm when they have %s', async (_, module) => {
    const kept = new KeptRegions({ ...data, regions: data.regions.map((region) => ({ ...region, module })) });
    const cpu = cpuWith(kept);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(run(cpu, here)).toBe(run(cpuWith(undefined), here));
    expect(kept.used).toBe(0);
  });
});

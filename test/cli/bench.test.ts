import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { GuestEngine } from '../../src/bench/guest-engine.ts';
import { measure } from '../../src/bench/measure.ts';
import type { Report } from '../../src/bench/report.ts';
import { romTasks } from '../../src/bench/tasks.ts';
import { DEFAULT_GUEST } from '../../src/host/files.ts';
import { emu } from './run-emu.ts';

const folder = await mkdtemp(join(tmpdir(), 'emu-bench-'));
afterAll(() => rm(folder, { recursive: true }));

describe('emu bench', () => {
  test('measures a filtered workload in both widths: table, JSON, chart', async () => {
    const [json, svg] = [join(folder, 'bench.json'), join(folder, 'bench.svg')];
    const args = ['bench', '--filter', '^calls', '--accel', 'tcg', '--tier', 'interp', '--json', json, '--svg', svg];
    const { status, stdout, stderr } = await emu(args, { timeoutMs: 200_000 });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Programs in ring 3 +bits +native +interp +per$/m);
    for (const bits of [32, 64]) expect(stdout).toMatch(new RegExp(`^calls +${bits} .* [mun]?s \\S+ +call$`, 'm'));
    const { rows, engines, host } = JSON.parse(await readFile(json, 'utf8')) as Report;
    expect(engines).toEqual(['native', 'interp']);
    expect(host.node).toBe(process.version);
    expect(rows.map(({ title }) => title)).toEqual(['calls/64', 'calls/32']);
    for (const { cells } of rows) {
      expect(cells[1]).toMatchObject({ engine: 'interp', samples: expect.arrayContaining([expect.any(Number)]) });
      expect(cells[1]!.samples).toHaveLength(5);
      expect(cells[1]!.ns).toBeGreaterThan(1);
    }
    expect(await readFile(svg, 'utf8')).toContain('tcg, interpreter');
  });

  test('refuses a machine whose result is wrong', async () => {
    // One bit of a constant in the guest's code is not what it was: the first value of the integer workload.
    const firmware = new Uint8Array(await readFile(DEFAULT_GUEST));
    const constant = Uint8Array.of(0x15, 0x7c, 0x4a, 0x7f, 0xb9, 0x79, 0x37, 0x9e);
    const at = Buffer.from(firmware).indexOf(constant);
    expect(at).toBeGreaterThan(0);
    firmware[at]! ^= 1;
    const engine = new GuestEngine({ accel: 'tcg', tier: 'jit', firmware });
    const tasks = romTasks().filter(({ title }) => title === 'integer/64' || title === 'calls/64');
    const rows = await measure(
      tasks.map((task) => ({ ...task, samples: 1, warmUp: () => 0 })),
      [engine],
      () => {},
    );
    await engine.close();
    expect(rows[0]!.cells[0]).toMatchObject({ wrong: true, samples: [] });
    expect(rows[0]!.cells[0]!.gap).toMatch(/^wrong result [\da-f]{16}, it should be 290ded26966c2bb0$/);
    expect(rows[1]!.cells[0]!.samples).toHaveLength(1);
  });

  test('says what is wrong with an option', async () => {
    const { status, stderr } = await emu(['bench', '--filter', 'nothing-like-it']);
    expect([status, stderr]).toEqual([2, 'emu: --filter nothing-like-it: no workload has such a name\n']);
    const file = await emu(['bench', '--json', join(folder, 'none', 'file.json')]);
    expect([file.status, file.stdout]).toEqual([2, '']);
    expect(file.stderr).toMatch(/^emu: the JSON file .*file\.json does not exist: check the path\n$/);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';

const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  util: [],
  memory: ['util'],
  bus: ['memory', 'util'],
  mmu: ['memory', 'util'],
  cpu: ['mmu', 'bus', 'memory', 'util'],
  devices: ['bus', 'memory', 'util'],
  accel: ['cpu', 'mmu', 'bus', 'memory', 'util'],
  host: ['bus', 'util'],
  machine: ['accel', 'cpu', 'devices', 'mmu', 'bus', 'memory', 'host', 'util'],
  debug: ['machine', 'accel', 'cpu', 'mmu', 'bus', 'memory', 'host', 'util'],
  bench: ['machine', 'accel', 'host', 'util'],
  cli: ['bench', 'machine', 'host', 'debug', 'accel', 'cpu', 'util'],
  'index.ts': ['machine', 'accel', 'cpu', 'bus', 'host'],
};
const MAY_USE_NODE = ['host', 'cli', 'accel/kvm'];
/** Clocks, timers and randomness are handed in below these. */
const PURE = ['util', 'memory', 'bus', 'mmu', 'cpu', 'devices'];

const files = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? files(join(dir, entry.name))
      : entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts')
        ? [join(dir, entry.name)]
        : [],
  );

const sources = files('src').map((file) => ({ file, path: relative('src', file), text: readFileSync(file, 'utf8') }));
const top = (path: string): string => path.split('/')[0]!;

test('every import points down the layers', () => {
  const wrong: string[] = [];
  for (const { file, path, text } of sources) {
    for (const [, target] of text.matchAll(/from '(\.[^']+)'/g)) {
      const to = relative('src', join(file, '..', target!));
      if (top(to) !== top(path) && !MAY_IMPORT[top(path)]?.includes(top(to))) wrong.push(`${path} -> ${to}`);
      const sides = ['accel/tcg', 'accel/kvm'];
      const [from, into] = [path, to].map((p) => sides.findIndex((side) => p.startsWith(side)));
      if (from! >= 0 && into! >= 0 && from !== into) wrong.push(`${path} -> ${to}`);
    }
    for (const [, target] of text.matchAll(/from '(node:[^']+)'/g)) {
      if (!MAY_USE_NODE.some((place) => path.startsWith(place))) wrong.push(`${path} -> ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('one file calls the foreign function interface, so that another can take its place', () => {
  const callers = sources.filter(({ text }) => /import\('ffi-rs'\)|from 'ffi-rs'/.test(text)).map(({ path }) => path);
  expect(callers).toEqual(['accel/kvm/ffi.ts']);
});

test('time and chance are handed in', () => {
  const wrong = sources
    .filter(({ path }) => PURE.includes(top(path)))
    .filter(({ text }) =>
      /\b(Math\.random|Date\.now|new Date\(\)|performance\.now|setTimeout|setInterval)\b/.test(text),
    )
    .map(({ path }) => path);
  expect(wrong).toEqual([]);
});

test('no import cycles between files', () => {
  const imports = new Map(
    sources.map(({ file, path, text }) => [
      path,
      [...text.matchAll(/^(?:import|export) (?!type)[^;]*? from '(\.[^']+)'/gm)].map(([, target]) =>
        relative('src', join(file, '..', target!)),
      ),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
    if (done.has(path) || trail.includes(path)) return;
    for (const next of imports.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  expect(cycles).toEqual([]);
});

import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { atEnd, KeptFile, nameOfCode } from './kept-file.ts';

let folder: string;
const VALUE = { words: Int32Array.of(1, 2, 3), text: 'a' };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'emu-kept-'));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

const written = (): KeptFile => {
  const file = new KeptFile(folder, ['code', 'guest']);
  file.write(VALUE);
  return file;
};

it('gives back what was written, to the same code and guest alone', () => {
  expect(written().read()).toEqual(VALUE);
  expect(new KeptFile(folder, ['code', 'guest']).read()).toEqual(VALUE);
  for (const other of [['code 2', 'guest'], ['code', 'guest 2'], ['codeguest']]) {
    expect(new KeptFile(folder, other).read()).toBeUndefined();
  }
});

describe('what counts as not there', () => {
  it.each([
    ['an empty file', 0],
    ['one that ends early', 60],
    ['one without its data', 40],
  ])('%s', (_, length) => {
    const file = written();
    truncateSync(file.path, length);
    expect(file.read()).toBeUndefined();
  });

  it('a file with any byte changed', () => {
    const file = written();
    const bytes = readFileSync(file.path);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1;
      writeFileSync(file.path, damaged);
      expect(file.read()).toBeUndefined();
    }
  });

  it('a file that others may write', () => {
    const file = written();
    chmodSync(file.path, 0o666);
    expect(file.read()).toBeUndefined();
  });
});

it('two that write at once leave one whole file', () => {
  const [one, other] = [new KeptFile(folder, ['guest']), new KeptFile(folder, ['guest'])];
  one.write('one');
  other.write('other');
  expect(one.read()).toBe('other');
  expect(readdirSync(folder)).toHaveLength(1);
});

it('a folder that cannot be made or written is left alone', () => {
  const path = join(folder, 'file');
  writeFileSync(path, '');
  const file = new KeptFile(join(path, 'below'), ['guest']);
  file.write(VALUE);
  expect(file.read()).toBeUndefined();
});

it('the files that were not used for longest go, and what was never finished; others stay', () => {
  const files = Array.from({ length: 18 }, (_, n) => new KeptFile(folder, [`guest ${n}`]));
  const unfinished = join(folder, `.${'0'.repeat(32)}.1.x`);
  writeFileSync(unfinished, '');
  utimesSync(unfinished, 1, 1);
  writeFileSync(join(folder, 'mine'), '');
  for (const [n, file] of files.entries()) {
    file.write(n);
    utimesSync(file.path, 1000 + n, 1000 + n);
    if (n > 0) expect(files[0]!.read()).toBe(0);
  }
  expect(files[0]!.read()).toBe(0);
  expect(files[1]!.read()).toBeUndefined();
  expect(readdirSync(folder).filter((name) => name.endsWith('.jit'))).toHaveLength(16);
  expect(readdirSync(folder)).toContain('mine');
  expect(readdirSync(folder)).toHaveLength(17);
});

it('code has the same name as long as it is the same', () => {
  expect(nameOfCode()).toBe(nameOfCode());
  expect(nameOfCode()).toContain(process.version);
});

it('something is done once when all is over', async () => {
  let times = 0;
  atEnd(Promise.resolve(), () => times++);
  await Promise.resolve();
  process.emit('exit', 0);
  expect(times).toBe(1);
});

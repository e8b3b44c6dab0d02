import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const FILE = join(import.meta.dirname, 'address-space.ts');
const TEXT = `import(${JSON.stringify(FILE)}).then((m) => console.log(m.addressSpaceLimit()))`;

test.each([
  ['80000000', 80_000_000 * 1024],
  ['unlimited', Infinity],
])('ulimit -v %s', (limit, bytes) => {
  const command = `ulimit -S -v ${limit} && exec "$0" --import tsx -e '${TEXT}'`;
  expect(Number(execFileSync('sh', ['-c', command, process.execPath], { encoding: 'utf8' }))).toBe(bytes);
});

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Below node_modules, so that the test runner imports it as it is. */
const BUILT = join(ROOT, 'node_modules/.cache/emu-boot-test');

/**
 * The library as it is shipped, built from the sources of now. The test runner's own transformation makes a
 * machine several times slower, which a boot of Linux would feel.
 */
export async function builtLibrary(): Promise<typeof import('../../src/index.ts')> {
  const out = join(BUILT, String(process.pid));
  mkdirSync(out, { recursive: true });
  process.on('exit', () => rmSync(out, { recursive: true, force: true }));
  writeFileSync(join(out, 'package.json'), '{"type":"module"}\n');
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const project = join(ROOT, 'tsconfig.build.json');
  execFileSync(tsc, ['-p', project, '--outDir', join(out, 'dist'), '--noCheck'], { stdio: 'inherit' });
  return (await import(pathToFileURL(join(out, 'dist/index.js')).href)) as typeof import('../../src/index.ts');
}

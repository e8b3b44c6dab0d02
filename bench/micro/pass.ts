import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** One pass over the micro benchmarks of a build, in a process of its own: nanoseconds by `group: name`. */
export function microPass(build: string, ms: number, filter: string): Record<string, number> {
  const program = join(build, 'bench', 'micro-suite.js');
  const output = execFileSync(process.execPath, [program, String(ms), filter], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output) as Record<string, number>;
}

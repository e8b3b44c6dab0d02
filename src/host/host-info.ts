import { createHash } from 'node:crypto';
import { cpus, loadavg, release, type } from 'node:os';

/** What stands beside a figure so that it can be read. */
export const hostInfo = () => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
  cores: cpus().length,
  system: `${type()} ${release()}`,
  node: process.version,
  load: loadavg()[0]!,
});

/** SHA-256 of a text in Latin-1, as hexadecimal digits. */
export const sha256 = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex');

import { createRequire } from 'node:module';

/** Where Debian's seabios package puts what v86's own package leaves out. */
export const SEABIOS = '/usr/share/seabios';

export const WASM = createRequire(import.meta.url)
  .resolve('v86')
  .replace('libv86.mjs', 'v86.wasm');

/** v86 wants a buffer that holds the file and nothing else. */
export const imageOf = (bytes: Uint8Array): { buffer: ArrayBuffer } => ({ buffer: new Uint8Array(bytes).buffer });

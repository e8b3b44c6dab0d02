import { Script } from 'node:vm';

const FILE = 'emu:interpreter';

/**
 * What a script evaluates to, which V8 compiled before. V8 looks whether it is the same version with the same flags, and the
 * script as long; the rest is the caller's. Undefined where it does not take the code.
 */
export function runScript(text: string, code: Uint8Array): unknown {
  if (code.length === 0) return undefined;
  try {
    const script = new Script(text, { filename: FILE, cachedData: code });
    return script.cachedDataRejected === true ? undefined : script.runInThisContext();
  } catch {
    return undefined;
  }
}

/** What V8 makes of a script: of its functions, those in brackets. */
export const codeOfScript = (text: string): Uint8Array => new Script(text, { filename: FILE }).createCachedData();

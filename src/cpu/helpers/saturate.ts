/** A number brought into the range of a signed or unsigned byte or word. */
export const saturateByte = (x: number): number => Math.min(Math.max(x, -128), 127);
export const saturateUnsignedByte = (x: number): number => Math.min(Math.max(x, 0), 255);
export const saturateWord = (x: number): number => Math.min(Math.max(x, -32768), 32767);
export const saturateUnsignedWord = (x: number): number => Math.min(Math.max(x, 0), 65535);

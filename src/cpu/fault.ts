/** Exception vectors (SDM 3A table 6-1). */
export const VECTOR = {
  DE: 0,
  DB: 1,
  NMI: 2,
  BP: 3,
  OF: 4,
  BR: 5,
  UD: 6,
  NM: 7,
  DF: 8,
  TS: 10,
  NP: 11,
  SS: 12,
  GP: 13,
  PF: 14,
  MF: 16,
  AC: 17,
  MC: 18,
  XM: 19,
} as const;

/**
 * A fault or trap of the guest on its way to the guest's handler. Thrown by helpers and memory paths;
 * one object is reused, so a throw allocates nothing and takes no stack trace.
 */
class GuestFault {
  vector = 0;
  /** Error code, or -1 when the exception pushes none. */
  errorCode = -1;
  /** True for INT n, INT3, INTO: privilege checks of the gate apply, RIP is already behind the instruction. */
  software = false;
}

const fault = new GuestFault();

export const isGuestFault = (thrown: unknown): thrown is GuestFault => thrown === fault;

/** Raises exception `vector`. The instruction's state must still be as it was before it began. */
export function raise(vector: number, errorCode = -1): never {
  fault.vector = vector;
  fault.errorCode = errorCode;
  fault.software = false;
  throw fault;
}

/** #GP(selector or 0). */
export const raiseGP = (errorCode = 0): never => raise(VECTOR.GP, errorCode);
export const raiseUD = (): never => raise(VECTOR.UD);

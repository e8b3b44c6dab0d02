import { MCR, MSR, PEER_READY, type UartState } from './uart16550-state.ts';

/** Inputs of the modem as MCR has them: in loopback its own outputs, else a ready peer. */
function modemInputs({ mcr }: UartState): number {
  if ((mcr & MCR.loop) === 0) return PEER_READY;
  return (
    ((mcr & MCR.dtr) !== 0 ? MSR.dsr : 0) |
    ((mcr & MCR.rts) !== 0 ? MSR.cts : 0) |
    ((mcr & MCR.out1) !== 0 ? MSR.ri : 0) |
    ((mcr & MCR.out2) !== 0 ? MSR.dcd : 0)
  );
}

/** MSR once MCR is written: the inputs, and which of them have changed since MSR was read. */
export function modemStatus(s: UartState): number {
  const inputs = modemInputs(s);
  const changed = s.msr ^ inputs;
  let deltas = s.msr & 0x0f;
  if ((changed & MSR.cts) !== 0) deltas |= MSR.dcts;
  if ((changed & MSR.dsr) !== 0) deltas |= MSR.ddsr;
  if ((changed & MSR.dcd) !== 0) deltas |= MSR.ddcd;
  // The ring indicator counts only when it goes away.
  if ((changed & MSR.ri) !== 0 && (inputs & MSR.ri) === 0) deltas |= MSR.teri;
  return inputs | deltas;
}
